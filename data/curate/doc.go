// Package curate makes a data set of what people have: records of any source are filtered, rid of what is there twice, shuffled and split into
// parts. Each stage tells what it took out, and from where.
//
// The text of a record is all strings of the keys that belong to its shape, one behind another. Records are held in a temporary file, so that
// the memory of a preparation is some bytes a record, and about a kilobyte where near duplicates are looked for.
package curate
