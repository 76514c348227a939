package rhcos

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/okd-project/okd-install/pkg/diag"
)

// keysDir is where data/coreos has the public keys, one for each version of
// Fedora, which signs everything it builds from one version with one key.
const keysDir = "keys"

// SigningKey reads, from data/coreos, the OpenPGP public key that a build of Fedora
// CoreOS is signed with. The file is read only here, and parsed by who verifies.
// Where there is no key for a version of Fedora the error is a diag.Problem that
// says so: the signature of such a build cannot be looked at without the user's help.
func SigningKey(files fs.FS, build string) ([]byte, error) {
	i := identifyID(build)
	if i.OS != FCOS {
		return nil, diag.Problem{Detail: fmt.Sprintf("no signer is known for the build %q: only builds of Fedora CoreOS are signed", build),
			Hint: "give the file with the public key with --signing-key, or skip the signature with --skip-signature"}
	}
	key, err := fs.ReadFile(files, fmt.Sprintf("%s/fedora-%d.asc", keysDir, i.Major))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, diag.Problem{
			Detail: fmt.Sprintf("the build %s is signed with the key of Fedora %d, which okd-install does not include", build, i.Major),
			Hint: "give the file with Fedora's public keys with --signing-key; or add --skip-signature: the SHA-256 sum of the " +
				"catalogue is still verified",
		}
	}
	return key, err
}
