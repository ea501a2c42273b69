import { isIP, isIPv4, isIPv6 } from 'node:net'

/** Host and port of a TCP listener. */
export interface HostPort {
  readonly host: string
  /** 0 lets the operating system choose. */
  readonly port: number
}

const DNS_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.?$/i
const PEER_ID = /^[1-9A-HJ-NP-Za-km-z]{40,80}$/

const parsePort = (text: string | undefined): number | undefined => {
  if (text === undefined || !/^\d{1,5}$/.test(text)) return undefined
  const port = Number(text)
  return port <= 65_535 ? port : undefined
}

/** Whether a text is an IP address or a host name. */
export const isHost = (text: string): boolean => isIP(text) !== 0 || (DNS_NAME.test(text) && !/^[\d.]+$/.test(text))

/** Splits `host:port` or `[ipv6]:port`; undefined when it is neither. */
export const parseHostPort = (text: string): HostPort | undefined => {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = parsePort(match?.[3])
  if (host === undefined || port === undefined) return undefined
  const fits = match?.[1] === undefined ? isHost(host) : isIPv6(host)
  return fits ? { host, port } : undefined
}

/** Parts of a TCP multiaddr; see https://github.com/multiformats/multiaddr. */
export interface TcpMultiaddr extends HostPort {
  readonly peerId: string | undefined
}

/** Reads `/ip4|ip6|dns|dns4|dns6/HOST/tcp/PORT[/p2p/PEER]`; undefined when the text is anything else. */
export const parseMultiaddr = (text: string): TcpMultiaddr | undefined => {
  const [empty, family, host, transport, portText, p2p, peerId, ...rest] = text.split('/')
  if (empty !== '' || host === undefined || transport !== 'tcp' || rest.length > 0) return undefined
  const port = parsePort(portText)
  if (port === undefined) return undefined
  if (p2p !== undefined && (p2p !== 'p2p' || peerId === undefined)) return undefined
  const fits =
    family === 'ip4' ? isIPv4(host) : family === 'ip6' ? isIPv6(host) : /^dns[46]?$/.test(family ?? '') && isHost(host)
  return fits ? { host, port, peerId } : undefined
}

/** Whether a node can listen on this multiaddr: an IP address and a TCP port, without a peer id. */
export const isListenMultiaddr = (text: string): boolean => {
  const parts = parseMultiaddr(text)
  return parts !== undefined && parts.peerId === undefined && isIP(parts.host) !== 0
}

/** Whether a bootstrap peer is the placeholder of a sample (`/p2p/...`), which means "none yet". */
export const isPlaceholderPeer = (text: string): boolean => /\/p2p\/(\.{3}|…)$/.test(text)

/** Whether this is a multiaddr by which a peer can be dialled and recognised. */
export const isPeerMultiaddr = (text: string): boolean => {
  const parts = parseMultiaddr(text)
  return parts?.peerId !== undefined && parts.port > 0 && PEER_ID.test(parts.peerId)
}

/** Whether an address is reached from this machine alone. */
export const isLoopback = (host: string): boolean => host === '::1' || host === 'localhost' || /^127\./.test(host)
