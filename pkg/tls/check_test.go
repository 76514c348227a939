package tls

import (
	"encoding/json"
	"encoding/pem"
	"slices"
	"testing"
	"time"
)

// TestCheckAsTimePasses is the life of a set that nobody boots.
func TestCheckAsTimePasses(t *testing.T) {
	t.Parallel()
	certs := must(t, ecSet).certs
	from := time.Date(2026, 3, 1, 11, 30, 15, 0, time.UTC)
	for _, tc := range []struct {
		after            time.Duration
		want             State
		bootable         bool
		fresh, stale, no int // certificates in each state
	}{
		{-time.Second, NotYetValid, false, 0, 0, 24},
		{0, Fresh, true, 24, 0, 0},
		{11*time.Hour + 59*time.Minute, Fresh, true, 24, 0, 0},
		{12 * time.Hour, Fresh, true, 24, 0, 0},
		{12*time.Hour + time.Minute, Stale, true, 15, 9, 0},
		{23 * time.Hour, Stale, true, 15, 9, 0},
		{24 * time.Hour, Stale, true, 15, 9, 0},
		{25 * time.Hour, Expired, false, 15, 0, 9},
		{year, Expired, false, 10, 5, 9},
		{year + time.Minute, Expired, false, 10, 0, 14},
		{decade + time.Minute, Expired, false, 0, 0, 24},
	} {
		v := Check(certs, from.Add(tc.after))
		if v.State != tc.want || v.State.Bootable() != tc.bootable {
			t.Errorf("after %s: got %s, want %s", tc.after, v.State, tc.want)
		}
		count := map[State]int{}
		for _, f := range v.Certificates {
			count[f.State]++
		}
		if count[Fresh] != tc.fresh || count[Stale] != tc.stale || count[Expired]+count[NotYetValid] != tc.no {
			t.Errorf("after %s: got %v, want %d fresh, %d stale, %d others", tc.after, count, tc.fresh, tc.stale, tc.no)
		}
		if !v.BootBy.Equal(from.Add(12*time.Hour)) || !v.BootAtLatest.Equal(from.Add(24*time.Hour)) {
			t.Errorf("after %s: boot by %s, at the latest %s", tc.after, v.BootBy, v.BootAtLatest)
		}
	}
}

// TestCheckBeforeIgnitionConfigs: what `create manifests` leaves has no clock
// that runs yet.
func TestCheckBeforeIgnitionConfigs(t *testing.T) {
	t.Parallel()
	all := must(t, ecSet).certs
	pairs := map[string]Pair{"root-ca": all["root-ca"], "machine-config-server": all["machine-config-server"], "unknown": {}}
	v := Check(pairs, born.Add(Day*30))
	if v.State != Fresh || !v.BootBy.IsZero() || !v.BootAtLatest.IsZero() || len(v.Certificates) != 2 {
		t.Errorf("got %+v", v)
	}
	if v = Check(nil, born); v.State != Fresh || len(v.Certificates) != 0 {
		t.Errorf("got %+v", v)
	}
	out, err := json.Marshal(v)
	if err != nil || string(out) != `{"state":"fresh","certificates":[]}` {
		t.Errorf("got %s, %v", out, err)
	}
}

func TestCheckOfDamagedCertificate(t *testing.T) {
	t.Parallel()
	certs := fresh(t)
	certs["kubelet-signer"] = Pair{Cert: []byte("not a certificate")}
	v := Check(certs, born.Add(time.Minute))
	if v.State != noCertificate || v.State.Bootable() {
		t.Errorf("got %s", v.State)
	}
	i := slices.IndexFunc(v.Certificates, func(f Finding) bool { return f.Name == "kubelet-signer" })
	if v.Certificates[i].State != noCertificate || v.Certificates[i].Purpose == "" {
		t.Errorf("got %+v", v.Certificates[i])
	}
}

// TestReissueOfShortOnes: past 12 hours the 24-hour certificates are minted
// again, by the authorities that stay, and the set is fresh once more.
func TestReissueOfShortOnes(t *testing.T) {
	t.Parallel()
	certs := fresh(t)
	later := born.Add(13 * time.Hour)
	for _, c := range Certificates {
		if !c.Short() {
			continue
		}
		pair, err := mintOne(c, dualStack, certs, p256, later)
		if err != nil {
			t.Fatal(err)
		}
		certs[c.Name] = pair
	}
	v := Check(certs, later.Add(time.Minute))
	if want := later.UTC().Truncate(time.Second).Add(12 * time.Hour); v.State != Fresh || !v.BootBy.Equal(want) {
		t.Errorf("got %s, boot by %s, want %s", v.State, v.BootBy, want)
	}
	for name, pair := range must(t, ecSet).certs {
		c, _ := Lookup(name)
		if same := string(pair.Cert) == string(certs[name].Cert); same == c.Short() {
			t.Errorf("%s: the same as before: %t", name, same)
		}
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	certs := must(t, rsaSet).certs
	infos, err := Describe(append(certs["machine-config-server"].Cert, certs["root-ca"].Cert...))
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 3, 1, 11, 30, 15, 0, time.UTC)
	want := []Info{
		{
			Subject: "CN=system:machine-config-server", Issuer: "CN=root-ca,OU=openshift", NotBefore: from, NotAfter: from.Add(decade),
			Key: "rsa-2048", SANs: []string{"api-int.okd.example.com", "192.168.1.5", "fd00::5"},
		},
		{Subject: "CN=root-ca,OU=openshift", Issuer: "CN=root-ca,OU=openshift", NotBefore: from, NotAfter: from.Add(decade), Key: "rsa-2048", CA: true},
	}
	a, _ := json.Marshal(infos)
	b, _ := json.Marshal(want)
	if string(a) != string(b) {
		t.Errorf("got  %s\nwant %s", a, b)
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "a key": certs["root-ca"].Key,
		"damaged": append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), certs["root-ca"].Cert...),
	} {
		if infos, err := Describe(data); err == nil || infos != nil {
			t.Errorf("%s: got %v, %v", name, infos, err)
		}
	}
}
