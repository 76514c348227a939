// Package payload asks a registry which images an OKD release consists of.
//
// Find goes from the pull spec of a release image to the pull spec of one of its
// components, by digest. The list is a file in a layer of the release image.
// Everything on the way is compared with the digests that lead to it, and nothing is
// believed before that; what is read is bounded. Resolve goes from a tag to the digest
// of the release image itself, and Tags lists what a repository has.
//
// The registry is asked as a node would: by digest the mirrors come first, with the
// pull secret, and with the trust bundle beside the authorities of the system. The
// package pulls no images, and never talks to a registry without TLS, unless it is
// on this machine.
package payload
