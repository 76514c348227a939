package manifests

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Identity is what sets a cluster apart from all others. It is made once and
// remembered: everything that the cluster owns is named after it.
type Identity struct {
	// UUID is the cluster's ID towards the update service, a random version 4 UUID.
	UUID string `json:"uuid"`
	// InfraID is the prefix of the names of what the cluster is made of: the
	// cluster's name, shortened, and five random characters.
	InfraID string `json:"infraID"`
}

// The infrastructure ID is limited by the names that clouds allow.
const (
	maxInfraID   = 27
	suffixLength = 5
	// suffixAlphabet has no vowels and no look-alikes, so that no words come up.
	suffixAlphabet = "bcdfghjklmnpqrstvwxz2456789"
)

// NewIdentity makes the identity of a cluster of that name. The warnings say
// where the name is not fully part of it. random is crypto/rand.Reader outside
// of tests.
func NewIdentity(clusterName string, random io.Reader) (Identity, []string, error) {
	base, cut := infraBase(clusterName)
	var warnings []string
	if cut {
		warnings = append(warnings, fmt.Sprintf(
			"cluster name %s is too long for the infrastructure ID, which starts with %s instead", clusterName, base))
	}
	suffix, err := randomText(random, suffixAlphabet, suffixLength)
	if err != nil {
		return Identity{}, nil, err
	}
	uuid, err := randomUUID(random)
	if err != nil {
		return Identity{}, nil, err
	}
	return Identity{UUID: uuid, InfraID: base + "-" + suffix}, warnings, nil
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// Check sees that the identity is one that NewIdentity makes for the name.
func (id Identity) Check(clusterName string) error {
	if !uuidForm.MatchString(id.UUID) {
		return errors.New("its UUID is not a random UUID")
	}
	base, _ := infraBase(clusterName)
	suffix, ok := strings.CutPrefix(id.InfraID, base+"-")
	if !ok || len(suffix) != suffixLength || strings.Trim(suffix, suffixAlphabet) != "" {
		return fmt.Errorf("its infrastructure ID is not %s- and %d characters", base, suffixLength)
	}
	return nil
}

// infraBase is the cluster's name as the infrastructure ID starts with it, and
// whether it had to be cut.
func infraBase(name string) (base string, cut bool) {
	var b strings.Builder
	dash := false
	for _, r := range name {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		switch {
		case letter:
			b.WriteRune(r)
		case !dash:
			b.WriteByte('-')
		}
		dash = !letter
	}
	base = b.String()
	if limit := maxInfraID - suffixLength - 1; len(base) > limit {
		base, cut = base[:limit], true
	}
	return strings.TrimRight(base, "-"), cut
}

// randomText draws n characters, each with the same chance.
func randomText(random io.Reader, alphabet string, n int) (string, error) {
	// A byte past the last whole multiple of the alphabet would favour its start.
	limit := 256 - 256%len(alphabet)
	out := make([]byte, 0, n)
	for b := make([]byte, 1); len(out) < n; {
		if _, err := io.ReadFull(random, b); err != nil {
			return "", fmt.Errorf("reading random bytes: %w", err)
		}
		if int(b[0]) < limit {
			out = append(out, alphabet[int(b[0])%len(alphabet)])
		}
	}
	return string(out), nil
}

// randomUUID is a UUID of RFC 9562, version 4.
func randomUUID(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("reading random bytes: %w", err)
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}
