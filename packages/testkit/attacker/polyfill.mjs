// libp2p needs it, and Node.js 20 lacks it.
Promise.withResolvers ??= function withResolvers() {
  let resolve
  let reject
  const promise = new Promise((fulfil, fail) => {
    resolve = fulfil
    reject = fail
  })
  return { promise, resolve, reject }
}
