// Package media brings boot media to the disk: it downloads, verifies and
// decompresses the files that package rhcos finds, and opens and writes those that
// pkg/rhcos/iso and pkg/rhcos/pxe change.
//
// Download is for one file, from a URL, a mirror or a cache, to a folder. A file gets
// its name only when it has the SHA-256 sum that was asked for; until then it is a
// hidden partial file, from which the next run goes on. What a server says about ranges
// is checked, and the sum is always made of the bytes on the disk.
//
// ISOEdit is a change to an ISO image, in place or as a copy, ReadISO and ReadInitrd
// only look, and CopyChanged writes an initrd. A copy, too, gets its name when it is
// whole.
//
// The package knows no streams, releases or formats of the catalogue, and prints
// nothing: it tells progress to functions of the caller.
package media
