import type { Connection, PeerId, Stream, StreamHandler, Topology } from '@libp2p/interface'
import type { KadDHTComponents } from '@libp2p/kad-dht'

/** What {@link membersOnly} needs to know. */
export interface MembersOnlyInit {
  readonly isProven: (connection: Connection) => boolean
  readonly ready: (connection: Connection) => Promise<void>
  /** A peer that hasn't proven itself opened a stream of a members' protocol. */
  readonly onRefused: (peerId: string, protocol: string) => void
}

/** Resets a stream unless its other side has proven itself. */
export const guardStream =
  (protocol: string, handler: StreamHandler, init: MembersOnlyInit): StreamHandler =>
  (stream: Stream, connection: Connection) => {
    if (init.isProven(connection)) return handler(stream, connection)
    stream.abort(new Error('for members only'))
    init.onRefused(connection.remotePeer.toString(), protocol)
  }

type Components = Pick<KadDHTComponents, 'registrar' | 'connectionManager'>

/**
 * The components of a libp2p service that shall exist among members only: their streams are served, theirs alone; they
 * are told to the service once both sides have proven themselves, and the service opens no stream before.
 */
export const membersOnly = <C extends object>(components: C & Components, init: MembersOnlyInit): C => {
  const registrar = override(components.registrar, {
    handle: (protocol: string, handler: StreamHandler, options?: object) =>
      components.registrar.handle(protocol, guardStream(protocol, handler, init), options),
    // Without its filter: that would have a peer's later connections ignored while only the first one is unproven.
    register: (protocol: string, { onConnect, onDisconnect, notifyOnLimitedConnection }: Topology) =>
      components.registrar.register(protocol, {
        ...(notifyOnLimitedConnection === undefined ? {} : { notifyOnLimitedConnection }),
        ...(onDisconnect === undefined ? {} : { onDisconnect }),
        onConnect: (peerId, connection) => {
          init
            .ready(connection)
            .then(() => onConnect?.(peerId, connection))
            .catch(() => undefined)
        },
      }),
  })
  const connectionManager = override(components.connectionManager, {
    openStream: async (peer: PeerId, protocol: string | string[], options: object = {}) => {
      const connection = await components.connectionManager.openConnection(peer, options)
      await init.ready(connection)
      return await connection.newStream(protocol, options)
    },
  })
  return override(components, { registrar, connectionManager })
}

const override = <T extends object>(target: T, properties: object): T =>
  new Proxy(target, {
    get: (object, property) => {
      if (property in properties) return Reflect.get(properties, property)
      const value: unknown = Reflect.get(object, property)
      return typeof value === 'function' ? value.bind(object) : value
    },
  })
