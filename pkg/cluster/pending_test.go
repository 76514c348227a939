package cluster

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// waiting is a request of a machine as the API has it.
func waiting(t *testing.T, name, node, signer string, created time.Time) object {
	t.Helper()
	return object{"metadata": object{"name": name, "creationTimestamp": created.UTC().Format(time.RFC3339)},
		"spec": object{"request": clientAsk(node).request(t).Spec.Request, "signerName": signer, "username": bootstrapper}}
}

// A worker that waits to be let in is named soon, with the next step, and again as long as
// it waits; a request of another kind, a fresh one and one that is answered are not.
func TestPendingRequestsAreTold(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]func(*Wait) error{
		"install":   func(w *Wait) error { _, err := w.WaitForInstall(t.Context(), installLimit, nil); return err },
		"bootstrap": func(w *Wait) error { _, err := w.WaitForBootstrap(t.Context(), bootstrapLimit); return err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newClock()
			f := newFakeAPI(t, k)
			first, later := k.Now().Add(time.Minute), k.Now().Add(12*time.Minute)
			answered := waiting(t, "csr-old", "worker-8", clientSigner, k.Now())
			answered["status"] = object{"conditions": []object{{"type": "Approved"}}}
			others := []object{answered, waiting(t, "csr-other", "worker-7", "example.com/mine", k.Now())}
			more := func(add ...object) func(*fakeAPI, time.Time) {
				return func(f *fakeAPI, _ time.Time) { f.set(pathRequests, items(append(slices.Clone(others), add...)...)) }
			}
			play{
				{0, both(version("Available=False", "Progressing=True: 1 of 903 done"), operator("dns", "Available=False: no worker", "Progressing=True"))},
				{0, more()},
				{time.Minute, more(
					waiting(t, "csr-1", "worker-0", clientSigner, first), waiting(t, "csr-2", "\x1b[2J;rm", clientSigner, first),
				)},
				{12 * time.Minute, more(
					waiting(t, "csr-1", "worker-0", clientSigner, first), waiting(t, "csr-3", "worker-0", servingSigner, later),
				)},
			}.on(f)
			w, events := newWait(f.client(t), k)
			w.Rest = Limit{After: 15 * time.Minute, Hard: true}
			w.LetIn = func(nodes []string) string { return "let in " + strings.Join(nodes, ",") }
			var shown Status
			w.Show = func(_ string, _ time.Time, s Status) { shown = s }
			err := wait(w)
			var told []Event
			for _, e := range *events {
				if e.Type == EventRequests {
					told = append(told, e)
				}
			}
			if len(told) != 4 { // soon, twice as a reminder, and when another comes
				t.Fatalf("told %d times:\n%s", len(told), said(*events))
			}
			at := told[0].Time.Sub(k.from)
			if at < 90*time.Second || at > 110*time.Second || told[0].Hint != "let in worker-0" || told[1].Time.Sub(told[0].Time) < 5*time.Minute {
				t.Errorf("after %v, and %v: %q", at, told[1].Time.Sub(told[0].Time), told[0].Hint)
			}
			if want := "machines are waiting to join: 2 certificate requests are pending: csr-1 (client of worker-0), csr-2 (client)"; told[0].Message != want {
				t.Errorf("got  %q\nwant %q", told[0].Message, want)
			}
			want := "csr-1 (client of worker-0), csr-3 (serving of worker-0)"
			if !strings.HasSuffix(told[3].Message, want) ||
				!slices.Equal(told[3].Status.PendingNodes(), []string{"worker-0"}) {
				t.Errorf("%q", told[3].Message)
			}
			if shown.Pending != 2 || !strings.Contains(shown.summary(), ", 2 certificate requests pending") {
				t.Errorf("%+v", shown)
			}
			if err == nil || !strings.Contains(err.Error(), "csr-3") || (*events)[len(*events)-1].Hint != "let in worker-0" {
				t.Errorf("ended with %v", err)
			}
			line, err := json.Marshal(told[0])
			if want := `"requests":[{"name":"csr-1","node":"worker-0","kind":"client","created":`; err != nil || !strings.Contains(string(line), want) {
				t.Errorf("%s, %v", line, err)
			}
		})
	}
}

// Thousands of requests are counted, and some of them told.
func TestPendingRequestsAreBounded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	var many []Request
	for i := range 3000 {
		r := Request{Metadata: Meta{Name: fmt.Sprintf("csr-%04d", i)}}
		r.Spec.SignerName, r.Spec.Request = clientSigner, []byte("nothing")
		many = append(many, r)
	}
	s := Status{}
	s.Requests, s.Pending = pendingOf(many, now)
	if s.Pending != 3000 || len(s.Requests) != mostPending ||
		!strings.HasSuffix(s.PendingText(), "csr-0019 (client), and 2980 more") || s.PendingNodes() != nil {
		t.Errorf("%d, %q", s.Pending, s.PendingText())
	}
	if (Status{}).PendingText() != "" {
		t.Error("nobody waits, and it is told")
	}
}
