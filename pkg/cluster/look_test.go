package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestLook(t *testing.T) {
	t.Parallel()
	degraded := []string{"Available=True", "Progressing=False", "Degraded=True: one replica is gone"}
	installed := version("Available=True", "Failing=False", "Progressing=False")
	for name, c := range map[string]struct {
		do    []func(*fakeAPI, time.Time)
		phase string
	}{
		"bootstrap":  {nil, phaseBootstrap},
		"etcd":       {[]func(*fakeAPI, time.Time){complete, etcd("False")}, phaseEtcd},
		"operators":  {[]func(*fakeAPI, time.Time){complete, etcd("True"), version("Available=False", "Progressing=True: Working towards 4.22.0: 1 of 903 done")}, phaseOperators},
		"settling":   {[]func(*fakeAPI, time.Time){complete, etcd("True"), installed, operator("dns", "Available=True", "Progressing=True", "Degraded=False")}, phaseSettling},
		"complete":   {[]func(*fakeAPI, time.Time){complete, etcd("True"), installed, operator("dns", settled...)}, phaseComplete},
		"degraded":   {[]func(*fakeAPI, time.Time){complete, etcd("True"), installed, operator("dns", degraded...)}, phaseDegraded},
		"updating":   {[]func(*fakeAPI, time.Time){complete, etcd("True"), version("Available=True", "Failing=False", "Progressing=True: Working towards 4.23.0: 3 of 903 done")}, phaseUpdating},
		"years old":  {[]func(*fakeAPI, time.Time){installed, operator("dns", settled...)}, phaseComplete},
		"away":       {[]func(*fakeAPI, time.Time){down(true)}, phaseUnreachable},
		"half there": {[]func(*fakeAPI, time.Time){func(f *fakeAPI, _ time.Time) { f.set(pathNodes, nil) }}, phaseUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newClock()
			f := newFakeAPI(t, k)
			f.set(pathNodes, items(testNode("master-0", true), testNode("worker-0", false)))
			approved := object{"status": object{"conditions": []object{{"type": "Approved"}}}}
			f.set(pathRequests, items(object{"metadata": object{"name": "a"}}, approved))
			f.set(pathSecrets, items(
				object{"metadata": object{
					"namespace": "openshift-kube-apiserver-operator", "name": "node-system-admin-client",
					"annotations": object{"auth.openshift.io/certificate-not-after": "2026-03-05T08:00:00Z"},
				}},
				object{"metadata": object{"name": "b", "annotations": object{"auth.openshift.io/certificate-not-after": "soon"}}}))
			for _, do := range c.do {
				do(f, k.Now())
			}
			r, err := f.client(t).Look(t.Context())
			if err != nil || r.Phase != c.phase {
				t.Fatalf("the phase is %q, want %q: %v, %+v", r.Phase, c.phase, err, r.Cause)
			}
			if c.phase == phaseUnreachable {
				if r.Cause == nil || r.NextExpiry == nil {
					t.Errorf("%+v", r)
				}
				return
			}
			if r.ReadyNodes() != 1 || len(r.Nodes) != 2 || r.Nodes[1].Why != "the network is not ready" ||
				r.Unanswered != 1 || r.Pending != 0 || r.API != "v1.35.3" {
				t.Errorf("%+v", r)
			}
			if e := r.NextExpiry; e == nil || e.What != "secret openshift-kube-apiserver-operator/node-system-admin-client" || e.In(k.Now()) != "in 3 days" {
				t.Errorf("the next expiry is %+v", e)
			}
		})
	}
}

func TestExpiryInWords(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	for left, want := range map[time.Duration]string{
		-time.Second: "it has expired", 90 * time.Minute: "in 1h30m", 30 * time.Hour: "in 30h", 240 * time.Hour: "in 10 days",
	} {
		if got := (Expiry{NotAfter: now.Add(left)}).In(now); got != want {
			t.Errorf("%v: %q, want %q", left, got, want)
		}
	}
}

func TestFetchWorker(t *testing.T) {
	t.Parallel()
	k := newClock()
	f := newFakeAPI(t, k)
	c := f.client(t)
	if _, err := c.FetchWorker(t.Context()); err == nil || !strings.Contains(err.Error(), "does not publish the authority") {
		t.Errorf("a cluster without an authority gives %v", err)
	}
	f.set(pathRootAuthority, object{"data": object{"ca.crt": string(f.pki.caPEM)}})
	w, err := c.FetchWorker(t.Context())
	if err != nil || w.Host != "api-int.demo.example.com" || w.Source != "ConfigMap kube-system/root-ca" {
		t.Fatal(w.Host, w.Source, err)
	}
	renewed := newPKI(t, "mcs", k.Now(), k.Now().Add(time.Hour))
	f.set(pathServerAuthority, object{"data": object{"ca-bundle.crt": string(renewed.caPEM)}})
	f.set(pathInfrastructure, object{"status": object{"apiServerInternalURI": "https://192.168.1.5:6443"}})
	w, err = c.FetchWorker(t.Context())
	if err != nil || w.Host != "192.168.1.5" || !strings.Contains(string(w.Pointer), "https://192.168.1.5:22623/config/worker") ||
		string(w.Authority) != string(renewed.caPEM) {
		t.Error(string(w.Pointer), err)
	}
	f.set(pathInfrastructure, object{"status": object{"apiServerInternalURI": "https://[fd00::5]:6443"}})
	if w, err = c.FetchWorker(t.Context()); err != nil || w.Host != "fd00::5" ||
		!strings.Contains(string(w.Pointer), "https://[fd00::5]:22623/config/worker") {
		t.Error(string(w.Pointer), err)
	}
}

// An authority that has expired vouches for nothing: if the other place has one that is
// good, that is it, and otherwise a worker.ign would be of no use.
func TestFetchWorkerAfterItsAuthority(t *testing.T) {
	t.Parallel()
	k := newClock()
	f := newFakeAPI(t, k)
	c := f.client(t)
	old := newPKI(t, "old", k.Now().AddDate(-11, 0, 0), k.Now()) // an authority is good for ten years
	f.set(pathServerAuthority, object{"data": object{"ca-bundle.crt": string(old.caPEM)}})
	w, err := c.FetchWorker(t.Context())
	if err == nil || w.Pointer != nil || !strings.Contains(err.Error(), "machine-config-server-ca expired at ") ||
		!strings.Contains(err.Error(), "hint: have the cluster renew it") {
		t.Errorf("expired: %v", err)
	}
	f.set(pathRootAuthority, object{"data": object{"ca.crt": string(f.pki.caPEM)}})
	if w, err = c.FetchWorker(t.Context()); err != nil || w.Source != "ConfigMap kube-system/root-ca" {
		t.Errorf("%s, %v", w.Source, err)
	}
	// one that is being renewed has both
	f.set(pathServerAuthority, object{"data": object{"ca-bundle.crt": string(old.caPEM) + string(f.pki.caPEM)}})
	if w, err = c.FetchWorker(t.Context()); err != nil || !strings.Contains(w.Source, "machine-config-server-ca") {
		t.Errorf("%s, %v", w.Source, err)
	}
}

func TestCheckServer(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	const name = "api-int.demo.example.com"
	ours := newPKI(t, "root-ca", now.Add(-time.Hour), now.Add(time.Hour), name)
	theirs := newPKI(t, "root-ca", now.Add(-time.Hour), now.Add(time.Hour), name)
	for what, c := range map[string]struct {
		cert   tls.Certificate
		code   int
		body   string
		closed bool
		kind   string
	}{
		"good":            {cert: ours.server, code: 200, body: `{"ignition":{"version":"3.4.0"}}`},
		"no pool":         {cert: ours.server, code: 500, body: "", kind: CauseNotAPI},
		"no config":       {cert: ours.server, code: 200, body: "{}", kind: CauseNotAPI},
		"another cluster": {cert: theirs.server, code: 200, kind: CauseIntercepted},
		"closed":          {cert: ours.server, closed: true, kind: causeRefused},
	} {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.Header.Get("Accept"), "application/vnd.coreos.ignition+json;version=3") || r.URL.Path != "/config/worker" {
				t.Errorf("asked for %s as %s", r.URL.Path, r.Header.Get("Accept"))
			}
			w.WriteHeader(c.code)
			_, _ = io.WriteString(w, c.body)
		}))
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.TLS = &tls.Config{Certificates: []tls.Certificate{c.cert}}
		s.StartTLS()
		t.Cleanup(s.Close)
		address := s.Listener.Addr().String()
		if c.closed {
			address = closedPort(t)
		}
		w := NewWorker{Host: name, Authority: ours.caPEM}
		dial := func(ctx context.Context, network, to string) (net.Conn, error) {
			if to != name+":22623" {
				t.Errorf("dialled %s", to)
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
		offer, cause := w.CheckServer(t.Context(), Options{Now: func() time.Time { return now }, Dial: dial})
		switch {
		case c.kind == "" && (cause != nil || offer.Spec != "3.4.0" || offer.Bytes != len(c.body) || !offer.Expires.Equal(now.Add(time.Hour))):
			t.Errorf("%s: %+v, %+v", what, offer, cause)
		case c.kind != "" && (cause == nil || cause.Kind != c.kind || cause.Hint == ""):
			t.Errorf("%s: %+v, want %s", what, cause, c.kind)
		}
	}
}

func TestOwnCertificatesAreListed(t *testing.T) {
	t.Parallel()
	k := newClock()
	f := newFakeAPI(t, k)
	certs := f.client(t).Kubeconfig.certificates()
	if len(certs) != 2 || certs[0].Subject.CommonName != "system:admin" || !certs[1].IsCA {
		t.Errorf("%v", names(certs))
	}
}

func names(certs []*x509.Certificate) (out []string) {
	for _, c := range certs {
		out = append(out, c.Subject.String())
	}
	return out
}
