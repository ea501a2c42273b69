/** A message for gossip, and what is wrong with it. Without `hex` its payload is `bytes` of noise. */
export interface RogueMessage {
  readonly as:
    | 'noise'
    | 'unsigned'
    | 'unsealed'
    | 'badly sealed'
    | 'sealed'
    | 'from the future'
    | 'in the name of another'
    | 'sealed in the name of another'
    | 'repeated'
    | 'unknown topic'
    | 'many topics'
    | 'oversized announcement'
    | 'noise in a frame'
  readonly hex?: string
  readonly bytes?: number
  /** Peer id of whoever it pretends to come from. */
  readonly author?: string
}

/** One thing that an attacker tries. Bytes are hexadecimal. */
export type Attempt =
  /** Connects, as libp2p does. */
  | { readonly kind: 'connect' }
  /** Asks which protocols the target speaks. */
  | { readonly kind: 'protocols' }
  /**
   * Opens a stream of a protocol and sends bytes over it. `framed` waits for one whole frame and no longer; `shared`
   * uses one connection for all such attempts, one after the other, where others have a new one each.
   */
  | {
      readonly kind: 'speak'
      readonly protocol: string
      readonly hex?: string
      readonly waitMs?: number
      readonly framed?: boolean
      readonly shared?: boolean
    }
  /** Joins a gossip topic, publishes messages and listens. */
  | { readonly kind: 'gossip'; readonly topic: string; readonly messages: readonly string[]; readonly waitMs?: number }
  /** Sends bad gossip by many identities; with the members' secret they prove first that they are nodes. */
  | {
      readonly kind: 'rogue'
      readonly topic: string
      readonly memberSecret?: string
      readonly messages: readonly RogueMessage[]
    }
  /** Opens `count` TCP connections, `open` at a time, that say nothing, or garbage. */
  | { readonly kind: 'flood'; readonly count: number; readonly open: number; readonly garbage?: boolean }
  /** One HTTP request. */
  | {
      readonly kind: 'http'
      readonly url: string
      readonly method?: string
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
    }
  /** Opens a TCP connection, or one of TLS with these options, and says something. */
  | {
      readonly kind: 'knock'
      readonly host: string
      readonly port: number
      readonly hex: string
      readonly tls?: { readonly cert?: string; readonly key?: string; readonly servername?: string }
      readonly waitMs?: number
    }

/** What came of an attempt. */
export interface AttemptResult {
  /**
   * `not connected`, `refused` (the protocol isn't offered), `reset`, `silent` (open, but unanswered), `answered`;
   * of gossip `nothing` or `reached`; of others `connected`, `done` or `failed`.
   */
  readonly outcome:
    | 'not connected'
    | 'refused'
    | 'reset'
    | 'silent'
    | 'answered'
    | 'nothing'
    | 'reached'
    | 'connected'
    | 'done'
    | 'failed'
  readonly reason?: string
  /** Bytes that were answered. */
  readonly received?: number
  /** The first 64 KiB of them, hexadecimal. */
  readonly answer?: string
  /** Of an HTTP request. */
  readonly status?: number
  /** Protocols that the target says it speaks. */
  readonly protocols?: readonly string[]
  /** Gossip messages that came. */
  readonly heard?: number
  /** Peers that its gossip messages were sent to, all messages together. */
  readonly sent?: number
  /** TCP connections that were accepted, failed, and were closed by the node. */
  readonly connected?: number
  readonly failed?: number
  readonly closedByNode?: number
}
