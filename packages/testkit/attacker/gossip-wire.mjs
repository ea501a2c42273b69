/** gossipsub's messages by hand (https://github.com/libp2p/specs/tree/master/pubsub), so that they can be wrong. */

const varint = (value) => {
  const bytes = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest % 128) + 128)
  }
}
const field = (number, data) => Buffer.concat([varint(number * 8 + 2), varint(data.length), data])

/** An RPC that publishes, as it stands on a stream. */
export const rpc = (messages) => prefixed(Buffer.concat(messages.map((message) => field(2, message))))

/** One that joins a topic. */
export const subscription = (topic) =>
  prefixed(field(1, Buffer.concat([Buffer.of(8, 1), field(2, Buffer.from(topic))])))

export const prefixed = (data) => Buffer.concat([varint(data.length), data])

/** A message, signed by `sign` unless that is missing. */
export const pubsubMessage = async ({ from, data, seqno, topic, sign }) => {
  const body = Buffer.concat([field(1, from), field(2, data), field(3, seqno), field(4, Buffer.from(topic))])
  if (sign === undefined) return body
  return Buffer.concat([body, field(5, Buffer.from(await sign(Buffer.concat([Buffer.from('libp2p-pubsub:'), body]))))])
}
