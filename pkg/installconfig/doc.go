// Package installconfig reads install-config.yaml, the one file that a user
// writes, and tells everything that is wrong with it.
//
// Load turns the bytes of the file into an InstallConfig that is complete and
// can work: deprecated fields are converted, defaults filled in, and all the
// rules of validate.go hold. If they do not, its error lists every problem with
// line, column and field. Marshal writes an InstallConfig in canonical form.
//
//	parse     one YAML document, of bounded size, without duplicate keys
//	fields    the document beside the schema: unknown fields, wrong types, positions
//	convert   deprecated fields into their successors
//	defaults  what the user left out
//	validate  what cannot work, one file per subject
//
// Everything may import the structs of schema.go. The platforms, with all that
// is particular to one of them, are in the package platform.
//
// The package reads no file, no environment and no clock, and logs nothing:
// warnings are values, like errors.
package installconfig
