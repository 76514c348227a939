// Package media brings boot media to the disk: it downloads, verifies and
// decompresses the files that package rhcos finds.
//
// Download is the whole of it: one file, from a URL, a mirror or a cache, to a
// folder. Sum alone verifies what is there. A file gets its name only when it has
// the SHA-256 sum that was asked for; until then it is a hidden partial file, from
// which the next run goes on. What a server says about ranges is checked, and the
// sum is always made of the bytes on the disk.
//
// The package knows no streams, releases or formats of the catalogue, and prints
// nothing: it tells progress to functions of the caller.
package media
