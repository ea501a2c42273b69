import type { MessageStream, StreamMuxerFactory } from '@libp2p/interface'
import { yamux } from '@libp2p/yamux'
import { BOUNDS } from '../bounds.js'
import { FrameLengths } from './frame-lengths.js'

/** A connection as yamux has it; its bound is a public field of the class, and absent from the interface. */
type Bounded = MessageStream & { maxWriteBufferLength?: number }

/**
 * yamux with bounds that it lacks: it would gather a frame of up to 4 GiB before it looks at the window, and answer
 * pings of a peer that never reads what it is sent.
 * @see https://github.com/hashicorp/yamux/blob/master/spec.md
 */
export const boundedMuxer = () => (): StreamMuxerFactory => {
  const { streamWindowBytes, streamsPerConnection, streamWriteBytes, connectionWriteBytes } = BOUNDS
  const inner = yamux({
    maxInboundStreams: streamsPerConnection,
    maxOutboundStreams: streamsPerConnection,
    streamOptions: {
      maxStreamWindowSize: streamWindowBytes,
      // A paused stream may still receive a full window, so the window has to be smaller than the read buffer.
      maxReadBufferLength: 4 * streamWindowBytes,
      maxWriteBufferLength: streamWriteBytes,
    },
  })()
  return {
    protocol: inner.protocol,
    createStreamMuxer: (connection: Bounded) => {
      connection.maxWriteBufferLength = connectionWriteBytes
      const lengths = new FrameLengths(streamWindowBytes)
      // Before the muxer listens, so that it is asked first.
      connection.addEventListener('message', ({ data }) => {
        const isIn = [...(data instanceof Uint8Array ? [data] : data)].every((chunk) => lengths.accepts(chunk))
        if (!isIn) connection.abort(new Error('a frame is larger than any window'))
      })
      return inner.createStreamMuxer(connection)
    },
  }
}
