// Package parquetfile reads the rows of Parquet files as JSON objects, and writes them.
//
// parquet-go, which it stands on, trusts what a file says of itself: it panics on some damaged files, and others make it allocate without
// bound. So a file's headers are gone through first, each size held to what is there and to bounds, and each page unpacked to no more than it
// says; panics are errors. Checksums of pages are compared where a file has them. Where it has none, a flipped bit in a value can't be seen.
package parquetfile
