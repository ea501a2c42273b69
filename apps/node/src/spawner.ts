import { serveSpawner } from '@dbcluster/rqlite'

/** The program that starts rqlited processes for a node, which runs it. */
serveSpawner(process, () => process.exit(0))
