import { DbClusterError } from '@dbcluster/protocol'
import { answerFailure, type GatewayContext } from './frame.js'
import { suggest } from './request/suggest.js'

const SHOWN_MAX_CHARS = 120

/** Answers other methods on a known path. */
export const methodNotAllowed =
  (path: string, methods: readonly string[]) =>
  (context: GatewayContext): never => {
    context.set('route', path)
    const allow = methods.join(', ')
    throw new DbClusterError('METHOD_NOT_ALLOWED', `${path} does not take ${context.req.method.slice(0, 20)}`, {
      hint: `use ${allow}`,
      details: { allow },
    })
  }

/** Answers paths that are none of ours, with the one that may have been meant. */
export const routeNotFound =
  (paths: readonly string[]) =>
  (context: GatewayContext): Response => {
    const { path } = context.req
    const meant = suggest(path.replace(/\/+$/, ''), paths) ?? suggest(`/v1/database${path}`, paths)
    const failure = new DbClusterError('ROUTE_NOT_FOUND', `there is nothing at ${path.slice(0, SHOWN_MAX_CHARS)}`, {
      hint: meant === undefined ? 'see /docs for the endpoints' : `did you mean ${meant}?`,
    })
    // Thrown here, it would pass by the frame.
    return answerFailure(failure, context)
  }
