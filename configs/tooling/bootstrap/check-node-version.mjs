// Imported before anything else: an older Node.js gets a sentence instead of a stack trace.
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `dbcluster needs Node.js 20.19 or newer; this is ${process.versions.node} (${process.execPath}).\n` +
      'Get a newer one from https://nodejs.org or with a version manager, then run this again.\n',
  )
  process.exit(1)
}
