import { LIMITS } from '@dbcluster/protocol'

const MIB = 1024 * 1024

/** Every bound of this package and what happens at it. Bytes and milliseconds throughout. */
export const BOUNDS = {
  /** Requests of one peer on one protocol that may be unanswered; the next one is refused with `OVERLOADED`. */
  requestsInFlight: 256,
  /** Bytes waiting to be sent to one peer on one protocol; beyond it requests are refused with `OVERLOADED`, messages dropped. */
  outgoingBytes: 64 * MIB,
  /** Request bytes of one stream held by handlers; beyond it the stream isn't read until some are done. */
  incomingBytes: 32 * MIB,
  /** Answer bytes waiting for a peer that doesn't read them; beyond it an answer is replaced by `OUTCOME_UNKNOWN`. */
  answerBytes: 256 * MIB,
  /** Messages (`notify`) waiting for a connection; beyond it they are dropped and counted. */
  queuedMessages: 1_024,
  /** Payload of one frame: {@link LIMITS}.frameBytes less the header. */
  payloadBytes: LIMITS.frameBytes - 9,
  /** Streams that a peer may have open at once to one of our protocols; it needs one, two while it replaces a broken one. */
  inboundStreams: 4,
  /** Streams that a peer may have open at once on one connection, of all protocols. */
  streamsPerConnection: 128,
  /** Bytes of one stream that may be on their way unread, and so in one frame. */
  streamWindowBytes: MIB,
  /** Bytes waiting in one stream to be sent; a largest frame and some. Beyond it the stream is reset. */
  streamWriteBytes: LIMITS.frameBytes + 2 * MIB,
  /** Bytes of all streams waiting for a peer that doesn't read from its connection; beyond it the connection ends. */
  connectionWriteBytes: 4 * MIB,
  /** Bytes held for all peers that are no members, unless configured: see `NetworkInit.guestMaxBytes`. */
  guestBytes: 512 * MIB,
  /** Connections of one peer; two arise when both sides dial at once. */
  connectionsPerPeer: 4,
  /** Handshakes going on at once; further connections are refused. */
  pendingConnections: 64,
  /** Addresses remembered per peer; the oldest learned goes first. */
  addressesPerPeer: 16,
  /** Peers that libp2p itself keeps notes of; the longest unchanged go first. */
  notedPeers: 2_048,
  /** Peers whose addresses and health are remembered; unwanted ones go first. */
  knownPeers: 512,
  /** One dial, all of the peer's addresses together. */
  dialTimeoutMs: 5_000,
  /** Opening a stream on an open connection. */
  openStreamTimeoutMs: 5_000,
  /** From connecting to knowing that the other side has the same network key. */
  protectTimeoutMs: 3_000,
  /** From connecting to both sides having proven that they hold the cluster key; applications never do. */
  admissionTimeoutMs: 5_000,
  /** Misdeeds of one peer, each less than a minute after the one before, that shut it out. */
  strikes: 8,
  strikeMemoryMs: 60_000,
  /** How long a peer is shut out the first time; doubled each further time. */
  banMinMs: 30_000,
  banMaxMs: 600_000,
  /** Wait between two dials to a wanted peer: doubled from the first to the second. */
  redialMinMs: 250,
  redialMaxMs: 10_000,
  /** A connection that lived less than this counts as one more failed dial. */
  stableConnectionMs: 5_000,
  /** A request to the peer routing table. */
  findPeerTimeoutMs: 3_000,
  /** Time a health check may take, at most; less where checks are more frequent. */
  healthCheckTimeoutMs: 5_000,
  /** Missed checks that make a peer unhealthy. */
  missedHealthChecks: 3,
} as const
