/** What the transport needs of a network (`@dbcluster/network` in client mode). */
export interface NodeNetwork {
  start(): Promise<void>
  stop(): Promise<void>
  /**
   * Rejects with `NODE_UNREACHABLE` only when the payload certainly was not delivered, else with `OUTCOME_UNKNOWN`,
   * `TIMEOUT`, `CANCELLED` or the other side's error.
   */
  request(
    peerId: string,
    protocol: string,
    payload: Uint8Array,
    options: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<Uint8Array>
  connectedPeers(): readonly string[]
  /** Keep a connection to this peer. */
  want(peerId: string, multiaddrs: readonly string[]): void
  onPeerConnected(listener: (peerId: string) => void): () => void
}
