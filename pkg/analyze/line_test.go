package analyze

import (
	"regexp"
	"testing"
)

// An expression that is wrong would only show when a log has a line for it.
func TestExpressionsCompile(t *testing.T) {
	t.Parallel()
	for _, expression := range []func() *regexp.Regexp{
		lookedUp, unresolved, notInDNS, serverOf, dialled, arrow, refused, curled, url, endpoint, otherName,
		ownAddresses, toolWords, took, unknownKind, unknownNamespace,
	} {
		if expression().NumSubexp() == 0 && expression().String() != toolWords().String() {
			t.Errorf("%s finds nothing to speak of", expression())
		}
	}
}
