package manifests

import (
	"crypto/rand"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

func TestNewPassword(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^[a-zA-Z2-9]{5}(-[a-zA-Z2-9]{5}){3}$`)
	p, err := NewPassword(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if !shape.MatchString(p.Clear) || len(p.Clear) != 23 || strings.ContainsAny(p.Clear, "lO") {
		t.Errorf("password %s", p.Clear)
	}
	if cost, err := bcrypt.Cost([]byte(p.Hash)); err != nil || cost != 10 {
		t.Errorf("cost %d, %v", cost, err)
	}
	if err := bcrypt.CompareHashAndPassword([]byte(p.Hash), []byte(p.Clear)); err != nil {
		t.Error(err)
	}
}

func TestProvidedPassword(t *testing.T) {
	t.Parallel()
	hash, err := bcrypt.GenerateFromPassword([]byte("correct horse"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	notHash := PasswordHashFile + ": is not a bcrypt hash"
	notMatching := PasswordClearFile + ": is not the password that " + PasswordHashFile + " is the hash of"
	for name, c := range map[string]struct {
		hash, clear []byte
		wantClear   string
		wantErr     string
	}{
		"hash alone":         {hash, nil, "", ""},
		"both":               {hash, []byte("correct horse"), "correct horse", ""},
		"with newlines":      {append(hash, '\n'), []byte("correct horse\r\n"), "correct horse", ""},
		"empty hash":         {nil, nil, "", notHash},
		"the password in it": {[]byte("correct horse"), nil, "", notHash},
		"another hash":       {[]byte("$6$rounds=5000$abc$def"), nil, "", notHash},
		"a hash cut short":   {hash[:50], nil, "", notHash},
		"wrong password":     {hash, []byte("battery staple"), "", notMatching},
		"empty password":     {hash, []byte("\n"), "", notMatching},
		"much too long":      {hash, []byte(strings.Repeat("correct horse", 20)), "", notMatching},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := ProvidedPassword(c.hash, c.clear)
			if c.wantErr == "" {
				if err != nil || p.Clear != c.wantClear || p.Hash != strings.TrimSpace(string(c.hash)) {
					t.Errorf("got %v, %v", p, err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), c.wantErr) {
				t.Errorf("got %v, want %s", err, c.wantErr)
			}
			for _, s := range []string{"correct horse", "battery staple"} {
				if err != nil && strings.Contains(err.Error(), s) {
					t.Error("the error tells the password")
				}
			}
		})
	}
}

func TestPasswordCheck(t *testing.T) {
	t.Parallel()
	good, err := NewPassword(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, bad := range map[string]Password{
		"nothing": {}, "no hash": {Clear: good.Clear}, "no password": {Hash: good.Hash}, "half of it": {good.Clear[:10], good.Hash},
		"half the hash": {good.Clear, good.Hash[:30]},
		// comparing with this one would take a week
		"a hash of great cost": {good.Clear, strings.Replace(good.Hash, "$10$", "$31$", 1)},
	} {
		err := bad.Check()
		if err == nil {
			t.Errorf("%s passes", name)
		} else if strings.Contains(err.Error(), good.Clear[:5]) {
			t.Errorf("%s: the error holds the password", name)
		}
	}
}
