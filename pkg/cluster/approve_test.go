package cluster

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// onTheWire is a request as the API has it.
func onTheWire(r Request, uid string, conditions ...string) object {
	status := object{}
	if len(conditions) > 0 {
		var cs []object
		for _, c := range conditions {
			cs = append(cs, object{"type": c})
		}
		status = object{"conditions": cs, "certificate": []byte("PEM")}
	}
	return object{
		"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "spec": specOnTheWire(r), "status": status,
		"metadata": object{"name": r.Metadata.Name, "uid": uid, "creationTimestamp": r.Metadata.CreationTimestamp.Format(time.RFC3339)},
	}
}

func specOnTheWire(r Request) object {
	return object{
		"request": r.Spec.Request, "signerName": r.Spec.SignerName, "usages": r.Spec.Usages,
		"username": r.Spec.Username, "groups": r.Spec.Groups,
	}
}

// Between the look and the approval a request may be answered, or removed and
// made again by somebody else: what was judged is then not what would be approved.
func TestApproveWhatWasJudged(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		now  func(Request) object
		want int
	}{
		"the same":        {func(r Request) object { return onTheWire(r, "1") }, 1},
		"another":         {func(r Request) object { return onTheWire(r, "2") }, 0},
		"denied by then":  {func(r Request) object { return onTheWire(r, "1", "Denied") }, 0},
		"approved by now": {func(r Request) object { return onTheWire(r, "1", "Approved") }, 0},
	} {
		f := newFakeAPI(t, newClock())
		r := clientAsk("worker-0").request(t)
		f.set(pathNodes, items())
		f.set(pathRequests, items(onTheWire(r, "1")))
		f.set(pathRequests+"/"+r.Metadata.Name, c.now(r))
		a := Approver{Client: f.client(t), Facts: facts(t)}
		round, err := a.Round(t.Context())
		if err != nil || len(round.Approved) != c.want || len(f.puts) != c.want {
			t.Errorf("%s: %+v, %v, %v", what, round, f.puts, err)
		}
	}
}

// A node that has joined a moment ago counts as joined, or somebody else would get a
// first certificate in its name: what an API server has in memory may be older, and
// so may what was read before the requests were.
func TestJoinedAMomentAgo(t *testing.T) {
	t.Parallel()
	joinedNow := items(testNode("worker-0", true, "192.168.1.30"))
	for what, prepare := range map[string]func(f *fakeAPI){
		"the memory is behind": func(f *fakeAPI) {
			f.set(pathNodes, joinedNow)
			f.cached = map[string]object{pathNodes: items()}
		},
		"it joins meanwhile": func(f *fakeAPI) {
			f.set(pathNodes, items())
			f.read = func(path string) {
				if path == pathRequests {
					f.objects[pathNodes] = joinedNow
				}
			}
		},
	} {
		f := newFakeAPI(t, newClock())
		r := clientAsk("worker-0").request(t)
		f.set(pathRequests, items(onTheWire(r, "1")))
		f.set(pathRequests+"/"+r.Metadata.Name, onTheWire(r, "1"))
		prepare(f)
		a := Approver{Client: f.client(t), Facts: facts(t)}
		round, err := a.Round(t.Context())
		member := func(why string) bool { return strings.Contains(why, "is already part of the cluster") }
		if err != nil || len(round.Approved) != 0 || len(f.puts) != 0 || len(round.Refused) != 1 ||
			!slices.ContainsFunc(round.Refused[0].Reasons, member) {
			t.Errorf("%s: %+v, %v, %v", what, round, f.puts, err)
		}
	}
	// and a request that the memory does not have yet is a rival all the same
	f := newFakeAPI(t, newClock())
	f.set(pathNodes, items())
	mine, other := clientAsk("worker-0").request(t), clientAsk("worker-0")
	other.Metadata.Name = "csr-other"
	f.set(pathRequests, items(onTheWire(mine, "1"), onTheWire(other.request(t), "2")))
	f.set(pathRequests+"/"+mine.Metadata.Name, onTheWire(mine, "1"))
	f.cached = map[string]object{pathRequests: items(onTheWire(mine, "1"))}
	a := Approver{Client: f.client(t), Facts: facts(t)}
	if round, err := a.Round(t.Context()); err != nil || len(round.Approved) != 0 || len(round.Refused) != 2 {
		t.Errorf("%+v, %v", round, err)
	}
}

// A machine that was installed again has joined when it has got both certificates
// again, and while that is waited for only one machine gets in under its name.
func TestRejoin(t *testing.T) {
	t.Parallel()
	k := newClock()
	f := newFakeAPI(t, k)
	old := testNode("worker-1", true, "192.168.1.31")
	old["metadata"].(object)["creationTimestamp"] = "2025-01-01T00:00:00Z"
	f.set(pathNodes, items(old))
	var all []object
	add := func(a *ask, name, at string, conditions ...string) {
		r := a.request(t)
		r.Metadata.Name = name
		var err error
		if r.Metadata.CreationTimestamp, err = time.Parse(time.RFC3339, at); err != nil {
			t.Fatal(err)
		}
		all = slices.DeleteFunc(all, func(o object) bool { return o["metadata"].(object)["name"] == name })
		o := onTheWire(r, name, conditions...)
		all = append(all, o)
		f.set(pathRequests, items(all...))
		f.set(pathRequests+"/"+name, o)
	}
	a := Approver{Client: f.client(t), Facts: facts(t)}
	a.Facts.Rejoin = []string{"worker-1"}
	look := func(what string, approved, refused, joined int) {
		t.Helper()
		round, err := a.Round(t.Context())
		if err != nil || len(round.Approved) != approved || len(round.Refused) != refused || len(round.Joined) != joined {
			t.Errorf("%s: %+v, %v", what, round, err)
		}
	}
	mine, serving := clientAsk("worker-1"), servingAsk("worker-1", "192.168.1.31")
	f.set(pathRequests, items())
	look("before it asks", 0, 0, 0)
	add(servingAsk("worker-1", "192.168.1.31"), "before", "2026-03-02T07:00:00Z", "Approved")
	look("what it got as it was", 0, 0, 0)
	add(mine, "first", "2026-03-02T08:00:00Z")
	look("it asks", 1, 0, 0)
	add(mine, "first", "2026-03-02T08:00:00Z", "Approved")
	add(clientAsk("worker-1"), "rival", "2026-03-02T08:00:10Z")
	look("another one asks", 0, 1, 0)
	add(serving, "second", "2026-03-02T08:00:20Z")
	look("it asks for the second", 1, 1, 0)
	add(serving, "second", "2026-03-02T08:00:20Z", "Approved")
	look("it has both", 0, 1, 1)
}
