package manifests

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"testing/quick"
)

func TestInfraBase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, want string
		cut        bool
	}{
		{"okd", "okd", false},
		{"my.cluster", "my-cluster", false},
		{"a..b--c.-d", "a-b-c-d", false},
		{"A.Name", "A-Name", false},
		{"ends-with-dot.", "ends-with-dot", false},
		{"m\u00fcnchen", "m-nchen", false},
		{"twenty-one-characters", "twenty-one-characters", false},
		{"twenty-two-characters1", "twenty-two-characters", true},
		{"long-but....collapsed-", "long-but-collapsed", false},
		{"cut-right-after-a-dash-x", "cut-right-after-a-das", true},
		{"cut-right-before-das-here", "cut-right-before-das", true},
	} {
		got, cut := infraBase(c.name)
		if got != c.want || cut != c.cut {
			t.Errorf("%s: got %s, %t", c.name, got, cut)
		}
	}
}

func TestNewIdentity(t *testing.T) {
	t.Parallel()
	infraID := regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,19}[A-Za-z0-9])?-[bcdfghjklmnpqrstvwxz2456789]{5}$`)
	uuid := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for _, name := range []string{"okd", "x", strings.Repeat("long", 20), "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o"} {
		for range 50 {
			id, warnings, err := NewIdentity(name, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			if !infraID.MatchString(id.InfraID) || len(id.InfraID) > 27 {
				t.Errorf("%s: infrastructure ID %s", name, id.InfraID)
			}
			if !uuid.MatchString(id.UUID) || seen[id.UUID] {
				t.Errorf("UUID %s", id.UUID)
			}
			seen[id.UUID] = true
			if got, want := len(warnings), map[bool]int{true: 1}[len(name) > 21]; got != want {
				t.Errorf("%s: %d warnings", name, got)
			}
		}
	}
}

func TestTheWarningNamesBoth(t *testing.T) {
	t.Parallel()
	_, warnings, err := NewIdentity("a-cluster-with-a-long-name", rand.Reader)
	want := "cluster name a-cluster-with-a-long-name is too long for the infrastructure ID, which starts with a-cluster-with-a-long instead"
	if err != nil || len(warnings) != 1 || warnings[0] != want {
		t.Errorf("got %q, %v", warnings, err)
	}
}

func TestIdentityFollowsFromTheRandomBytes(t *testing.T) {
	t.Parallel()
	bytesOf := func() io.Reader { return bytes.NewReader(bytes.Repeat([]byte{255, 1, 2, 3, 250}, 20)) }
	a, _, errA := NewIdentity("okd", bytesOf())
	b, _, errB := NewIdentity("okd", bytesOf())
	if errA != nil || errB != nil || a != b || a.InfraID != "okd-cdfcd" {
		t.Errorf("got %v, %v, %v, %v", a, errA, b, errB)
	}
}

func TestNoRandomBytes(t *testing.T) {
	t.Parallel()
	broken := errors.New("no entropy")
	if _, _, err := NewIdentity("okd", iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := NewPassword(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// Each character of the alphabet has the same chance: over all bytes, each
// comes up equally often.
func TestRandomTextIsFair(t *testing.T) {
	t.Parallel()
	for _, alphabet := range []string{suffixAlphabet, passwordAlphabet, "ab"} {
		all := make([]byte, 256)
		for i := range all {
			all[i] = byte(i)
		}
		limit := 256 - 256%len(alphabet)
		text, err := randomText(bytes.NewReader(all), alphabet, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range alphabet {
			if n := strings.Count(text, string(c)); n != limit/len(alphabet) {
				t.Errorf("%c comes up %d times", c, n)
			}
		}
	}
}

func TestInfraBaseOfAnything(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^([A-Za-z0-9-]{0,20}[A-Za-z0-9])?$`)
	property := func(name string) bool {
		base, _ := infraBase(name)
		return shape.MatchString(base) && !strings.Contains(base, "--")
	}
	if err := quick.Check(property, nil); err != nil {
		t.Error(err)
	}
}

func TestIdentityCheck(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"okd", "x", strings.Repeat("long", 20), "a.b.c.d"} {
		id, _, err := NewIdentity(name, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := id.Check(name); err != nil {
			t.Errorf("%s: %+v: %v", name, id, err)
		}
		if id.Check("other") == nil {
			t.Errorf("%+v passes as another cluster's", id)
		}
		for _, bad := range []Identity{
			{}, {UUID: id.UUID}, {InfraID: id.InfraID}, {id.UUID[:20], id.InfraID}, {id.UUID, id.InfraID[:len(id.InfraID)-1]},
			{strings.Repeat("0", 36), id.InfraID}, {id.UUID, id.InfraID + "x"}, {id.UUID, id.InfraID[:len(id.InfraID)-1] + "/"},
		} {
			if bad.Check(name) == nil {
				t.Errorf("%+v passes", bad)
			}
		}
	}
}
