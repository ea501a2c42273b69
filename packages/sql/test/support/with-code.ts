import { expect } from '@jest/globals'

/** For `toThrow`: an error of this code. */
export const withCode = (code: string): Error => expect.objectContaining({ code }) as unknown as Error
