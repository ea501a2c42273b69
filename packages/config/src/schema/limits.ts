import { bytes, integer, optionalText, section } from './fields.js'

/** `limits`: how much of this node one credential, one database, one app may take. */
export const LimitsSection = section(
  'How much of this node one credential, one database or one app may take. What is beyond is refused with 429 and a time to come again; counted on each node by itself.',
  {
    requests_per_second: integer(0, 1_000_000, {
      default: 10_000,
      description: 'Requests a second of one API key or token, in bursts of as many. 0 = any number.',
    }),
    concurrent_requests: integer(1, 100_000, {
      default: 200,
      description:
        'Requests of one API key or token that this node works on at once. Keep it under the 256 that one gateway may have open here, so that others get through.',
    }),
    database_requests_per_second: integer(0, 1_000_000, {
      default: 0,
      description: 'Requests a second to one database, whoever asks, in bursts of as many. 0 = any number.',
    }),
    database_concurrent_requests: integer(1, 100_000, {
      default: 1_000,
      description: 'Requests to one database that this node works on at once.',
    }),
    databases_per_app: integer(0, 1_000_000, {
      default: 10_000,
      description: 'Databases that one app may have; a creation beyond is refused. 0 = any number.',
    }),
  },
)

/** `audit`: where administrative acts and refused attempts are written beside the log. */
export const AuditSection = section(
  'The audit log: who created, deleted, put to sleep or woke what, made or revoked which key, or was refused. Its lines are in the log as "Audit" in any case.',
  {
    file: optionalText({ description: 'File of one JSON object per line, mode 0600. Default: none.' }),
    max_size: bytes(4096, 1024 ** 4, {
      default: '16MiB',
      description: 'Size at which the file is set aside as FILE1, FILE2, … and a new one begun.',
    }),
    max_files: integer(1, 1_000, { default: 5, description: 'Files that are kept, the current one included.' }),
  },
)
