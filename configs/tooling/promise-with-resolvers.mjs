// Node 20 lacks Promise.withResolvers, which libp2p's dependencies call. Node 22 and later have it.
Promise.withResolvers ??= function withResolvers() {
  let resolve
  let reject
  const promise = new this((res, rej) => {
    resolve = res
    reject = rej
  })
  return { promise, resolve, reject }
}
