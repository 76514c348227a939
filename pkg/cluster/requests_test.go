package cluster

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// flood is n first requests, each with a name of its own: each for another node, or
// with a key of its own for one. The keys are few, since making them is what takes long.
func flood(t testing.TB, n int, node func(i int) string) []Request {
	t.Helper()
	keys := make([]*ecdsa.PrivateKey, 16)
	for i := range keys {
		keys[i] = newKey(t)
	}
	var all []Request
	for i := range n {
		a := clientAsk(node(i))
		a.Metadata.Name = fmt.Sprintf("csr-%05d", i)
		a.Metadata.CreationTimestamp = time.Unix(int64(i), 0)
		a.csr.Subject = pkix.Name{CommonName: nodePrefix + node(i), Organization: []string{nodeGroup}}
		raw, err := x509.CreateCertificateRequest(rand.Reader, &a.csr, keys[i%len(keys)])
		if err != nil {
			t.Fatal(err)
		}
		a.Spec.Request = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: raw})
		all = append(all, a.Request)
	}
	return all
}

// Three thousand requests that are nobody's made each other slow: each was parsed once
// for every other one. What counts is how often, not how long.
func TestEveryRequestIsParsedOnce(t *testing.T) {
	t.Parallel()
	f := facts(t)
	for what, node := range map[string]func(int) string{
		"foreign":  func(i int) string { return fmt.Sprintf("foreign-%d", i) },
		"for one":  func(int) string { return "worker-0" },
		"for half": func(i int) string { return fmt.Sprintf("worker-%d", i%2) },
	} {
		const n = 400
		f.Requests = flood(t, n, node)
		f.index = indexed(f)
		for _, r := range f.Requests {
			if v := judge(r, f); v.Approve || len(v.Reasons) > maxReasons+1 {
				t.Fatalf("%s: %+v", what, v)
			}
		}
		joined(f, time.Now())
		if f.index.parses > n {
			t.Errorf("%s: %d requests were parsed %d times", what, n, f.index.parses)
		}
	}
}

// Whoever asks with a thousand keys, or for thousands of names, fills no screen.
func TestReasonsAreBounded(t *testing.T) {
	t.Parallel()
	f := facts(t)
	f.Requests = flood(t, 64, func(int) string { return "worker-0" }) // of 16 keys
	v := judge(f.Requests[0], f)
	if len(v.Reasons) != 4 || v.Reasons[0] != "csr-00001 asks for the same node with another key" ||
		v.Reasons[3] != "and so do 12 more" || !strings.Contains(v.Hint, "deny the other") {
		t.Errorf("%+v", v)
	}
	// one that was let in comes first, however many others there are
	f.Approved = []string{f.Requests[15].Metadata.Name}
	if v = judge(f.Requests[0], f); v.Reasons[0] != "csr-00015 asks for the same node with another key" ||
		!strings.HasPrefix(v.Hint, "it was approved just now") {
		t.Errorf("%+v", v)
	}
	many := servingAsk("worker-1")
	for i := range 1000 {
		many.csr.DNSNames = append(many.csr.DNSNames, fmt.Sprintf("x%d.example.com", i))
	}
	v = judge(many.request(t), f)
	if v.Approve || len(v.Reasons) != maxReasons+1 || v.Reasons[maxReasons] != "and 980 more" ||
		len(v.Addresses) != maxNames+1 || v.Addresses[maxNames] != "and 951 more" {
		t.Errorf("%d reasons, %d addresses: %+v", len(v.Reasons), len(v.Addresses), v)
	}
	large := clientAsk("worker-0").request(t)
	large.Spec.Request = append(slices.Repeat([]byte("x"), 1<<20), large.Spec.Request...)
	if v = judge(large, f); v.Approve || !strings.Contains(v.Reasons[0], "exactly one PEM request") {
		t.Errorf("%+v", v)
	}
}

// Two machines ask for one node in the same round, and one that is let in by then
// keeps the other out.
func TestLetInInThisRound(t *testing.T) {
	t.Parallel()
	f := facts(t)
	f.Rejoin = []string{"worker-1"}
	mine, rival := clientAsk("worker-1").request(t), clientAsk("worker-1")
	rival.Metadata.Name = "csr-rival"
	other := rival.request(t)
	f.Requests = []Request{mine}
	f.index = indexed(f)
	if v := judge(mine, f); !v.Approve {
		t.Fatalf("%+v", v)
	}
	f.index.approve(mine)
	if v := judge(other, f); v.Approve || !strings.HasPrefix(v.Hint, "it was approved just now") {
		t.Errorf("%+v", v)
	}
}

// BenchmarkRequests judges all requests of a round. Twice as many are to take twice as
// long, and not four times.
func BenchmarkRequests(b *testing.B) {
	for _, n := range []int{1500, 3000} {
		f := facts(b)
		f.Requests = flood(b, n, func(i int) string { return fmt.Sprintf("foreign-%d", i) })
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				g := f
				g.index = indexed(g)
				for _, r := range g.Requests {
					judge(r, g)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/request")
		})
	}
}
