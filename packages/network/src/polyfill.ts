/**
 * Node 20 lacks `Promise.withResolvers` (ES2024), which libp2p's dependencies call, sometimes only half a second after
 * a dial. This file must stay the first import of the entry point; on Node 22 and later it does nothing.
 */
interface PromiseWithResolvers {
  withResolvers?: <T>(this: PromiseConstructor) => {
    promise: Promise<T>
    resolve: (value: T | PromiseLike<T>) => void
    reject: (reason?: unknown) => void
  }
}

;(Promise as PromiseWithResolvers).withResolvers ??= function withResolvers<T>(this: PromiseConstructor) {
  let resolve: (value: T | PromiseLike<T>) => void = () => undefined
  let reject: (reason?: unknown) => void = () => undefined
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
