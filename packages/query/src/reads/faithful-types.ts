/**
 * Types of columns whose values rqlite passes on as they are, blobs among them too. In the others they may change:
 * booleans and times by declaration, and blobs in text columns, in columns without a type and in expressions come as
 * text (measured: DESIGN.md of @dbcluster/rqlite).
 */
const FAITHFUL = /^(?:integer|int|bigint|smallint|tinyint|mediumint|real|double|float|numeric|decimal|blob)\b/i

/** Whether values of a column of this type, as rqlite names it, come as SQLite holds them. */
export const isFaithful = (type: string): boolean => FAITHFUL.test(type)
