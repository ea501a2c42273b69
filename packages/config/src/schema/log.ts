import { choice, section } from './fields.js'

/** Levels, most urgent first. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export const LOG_FORMATS = ['logfmt', 'json'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

/** `log`, the same for every program. */
export const LogSection = section('What is logged, and how a line looks. Lines go to standard error.', {
  level: choice(LOG_LEVELS, { default: 'info', description: 'The least urgent level that is written.' }),
  format: choice(LOG_FORMATS, {
    default: 'logfmt',
    description: 'logfmt: `TIME LEVEL message key=value`, for people. json: one object per line, for collectors.',
  }),
})
