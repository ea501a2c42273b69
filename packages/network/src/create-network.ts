import { type NetworkComponents, type NetworkInit, resolveConfig } from './config.js'
import type { Network } from './network.js'
import { NetworkHost } from './network-host.js'

/**
 * Makes a host, without starting it.
 * @throws DbClusterError `KEY_INVALID` or `CONFIG_INVALID` naming the setting
 */
export const createNetwork =
  (init: NetworkInit) =>
  (components: NetworkComponents): Network =>
    new NetworkHost(resolveConfig(init), components)
