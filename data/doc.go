// Package data turns text into batches of token ids.
//
// The way of a corpus through it:
//
//	Source      texts or records from files of many formats, folders, patterns or standard input
//	Records     what a source holds, whole and with the keys of its shape; Pieces for texts of any length
//	Encode      its token ids, from all cores, in memory (Encode) or in a token file (EncodeFile)
//	Tokens      a read-only view of ids, mapped into memory; Split keeps a validation part apart
//	Dataset     rows of T ids and T targets cut from Tokens: Windows, Sequential, Packed, Yardstick
//	Loader      batches of rows in an order that follows from (seed, epoch, position)
//	Prefetcher  the same batches, filled ahead of time
//
// Nothing here knows of graphs or models. In shapes, B is the batch and T the sequence length.
package data
