import type { HttpAnswer } from '@dbcluster/testkit'

/** The one error shape of the API. */
export interface ErrorShape {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly request_id: string
  readonly statement_index?: number
  readonly details?: Readonly<Record<string, unknown>>
}

/** The error in an answer. @throws Error when the body is none */
export const errorOf = ({ body, text, status }: HttpAnswer): ErrorShape => {
  const error = (body as { readonly error?: ErrorShape } | undefined)?.error
  if (error === undefined) throw new Error(`${status} without an error: ${text.slice(0, 200)}`)
  return error
}

/** The code that a promise fails with; `'none'` when it does not fail, the text when it is no error of ours. */
export const failure = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'none',
    (error: unknown) => (error as { readonly code?: string }).code ?? String(error),
  )
