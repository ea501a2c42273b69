/** The SDK beside the command, for the example that `dbcluster dev` writes: it runs without an install of its own. */
export { createClient } from '@dbcluster/client'
