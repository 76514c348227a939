package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// play is a cluster that changes as time goes by: rows happen at their time.
type play []struct {
	at time.Duration
	do func(f *fakeAPI, now time.Time)
}

func (p play) on(f *fakeAPI) {
	next := 0
	f.clock.then = func(since time.Duration) {
		for next < len(p) && p[next].at <= since {
			p[next].do(f, f.clock.Now())
			next++
		}
	}
	f.clock.then(0)
}

func complete(f *fakeAPI, _ time.Time) {
	f.set(pathBootstrap, object{"data": object{"status": "complete"}})
}

func etcd(status string) func(*fakeAPI, time.Time) {
	return func(f *fakeAPI, now time.Time) {
		f.set(pathEtcd, withConditions("cluster", now, "EtcdBootstrapMemberRemoved="+status+": it still has a member"))
	}
}

func nodes(ready bool, names ...string) func(*fakeAPI, time.Time) {
	return func(f *fakeAPI, _ time.Time) {
		var list []object
		for _, n := range names {
			list = append(list, testNode(n, ready, "192.168.1.1"+n[len(n)-1:]))
		}
		f.set(pathNodes, items(list...))
	}
}

func operator(name string, said ...string) func(*fakeAPI, time.Time) {
	return func(f *fakeAPI, now time.Time) {
		f.mu.Lock()
		defer f.mu.Unlock()
		var list []object
		if old, ok := f.objects[pathOperators]; ok {
			for _, o := range old["items"].([]object) {
				if o["metadata"].(object)["name"] != name {
					list = append(list, o)
				}
			}
		}
		f.objects[pathOperators] = items(append(list, withConditions(name, now, said...))...)
	}
}

func version(said ...string) func(*fakeAPI, time.Time) {
	return func(f *fakeAPI, now time.Time) {
		v := withConditions("version", now, said...)
		v["status"].(object)["desired"] = object{"version": "4.22.0-okd-scos.5"}
		f.set(pathClusterVersion, v)
	}
}

func down(is bool) func(*fakeAPI, time.Time) { return func(f *fakeAPI, _ time.Time) { f.setDown(is) } }

func both(a, b func(*fakeAPI, time.Time)) func(*fakeAPI, time.Time) {
	return func(f *fakeAPI, now time.Time) { a(f, now); b(f, now) }
}

func console(f *fakeAPI, now time.Time) {
	f.set(pathConsole, object{"spec": object{"host": "console.apps.demo.example.com"}, "status": object{"ingress": []object{{
		"host": "console.apps.demo.example.com", "conditions": conditions(now, "Admitted=True")}}}})
}

var settled = []string{"Available=True", "Progressing=False", "Degraded=False"}

// The limits that most platforms have.
const (
	bootstrapLimit = 45 * time.Minute
	installLimit   = 40 * time.Minute
)

func TestWaitForBootstrap(t *testing.T) {
	t.Parallel()
	masters := []string{"master-0", "master-1", "master-2"}
	// a node joins every six minutes, for two hours
	var slow play
	slow = append(slow, play{{0, nodes(true, "master-0")}}...)
	for i := range 20 {
		slow = append(slow, play{{time.Duration(i) * 6 * time.Minute, operator("o"+string(rune('a'+i)), settled...)}}...)
	}
	slow = append(slow, play{{2 * time.Hour, both(complete, etcd("True"))}}...)
	for name, c := range map[string]struct {
		play  play
		rest  Limit
		limit time.Duration
		took  time.Duration
		stage string
		says  []string
	}{
		"healthy": {play: play{{0, nodes(true, masters...)}, {5 * time.Minute, complete}, {8 * time.Minute, etcd("True")}}, took: 8 * time.Minute,
			says: []string{"API v1.35.3 up", "It is now safe to remove the bootstrap resources",
				"port 6443 of api.demo.example.com and api-int.demo.example.com", "port 22623 of api-int.demo.example.com",
				"master-0 (192.168.1.10), master-1 (192.168.1.11)"}},
		"API comes late": {play: play{{0, down(true)}, {19 * time.Minute, both(down(false), both(complete, etcd("True")))}},
			took: 19 * time.Minute, says: []string{"refuses the connection", "the API answers again"}},
		"API never comes": {play: play{{0, down(true)}}, took: 20 * time.Minute, stage: "API", says: []string{"refuses the connection"}},
		"API gone for two minutes": {play: play{
			{0, nodes(true, masters...)}, {time.Minute, down(true)}, {3 * time.Minute, down(false)},
			{4 * time.Minute, both(complete, etcd("True"))},
		}, took: 4 * time.Minute, says: []string{"the API answers again, after 2m", "the API has answered before"}},
		"nothing joins":               {took: 45 * time.Minute, stage: "Bootstrap Complete", says: []string{"no machine of the control plane has joined", "22623"}},
		"a longer limit":              {took: 60 * time.Minute, limit: 60 * time.Minute, stage: "Bootstrap Complete"},
		"slow but moving":             {play: slow, took: 2 * time.Hour, says: []string{"It is now safe"}},
		"a limit of the user is hard": {play: slow, rest: Limit{After: time.Hour, Hard: true}, took: time.Hour, stage: "Bootstrap Complete"},
		"etcd keeps its member": {play: play{{0, both(nodes(true, masters...), both(complete, etcd("False")))}},
			took: 20 * time.Minute, stage: "Bootstrap Etcd Member Removed",
			says: []string{"etcd still has its member on the bootstrap host (it still has a member)", "leave the bootstrap host up"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newClock()
			f := newFakeAPI(t, k)
			c.play.on(f)
			w, events := newWait(f.client(t), k)
			w.Rest = c.rest
			_, err := w.WaitForBootstrap(t.Context(), cmp.Or(c.limit, bootstrapLimit))
			checkWait(t, err, c.stage, c.says, *events)
			if took := k.Now().Sub(k.from); took < c.took || took > c.took+10*time.Second {
				t.Errorf("it took %v, want %v", took, c.took)
			}
			safe := strings.Contains(said(*events), "safe to remove")
			if safe != (c.stage == "") {
				t.Errorf("safe to remove was said: %v", safe)
			}
		})
	}
}

// checkWait compares how a wait ended, and what was said meanwhile.
func checkWait(t *testing.T, err error, stage string, says []string, events []Event) {
	t.Helper()
	text := said(events)
	var stuck *StageError
	switch {
	case stage == "" && err != nil:
		t.Errorf("ended with %v", err)
	case stage != "" && (!errors.As(err, &stuck) || stuck.Stage != stage):
		t.Fatalf("ended with %v, want an error of the stage %q", err, stage)
	}
	for _, s := range says {
		if !strings.Contains(text, s) {
			t.Errorf("it was not said that %q, but:\n%s", s, text)
		}
	}
	for _, e := range events {
		if e.SchemaVersion != 1 || e.Time.IsZero() || e.Type == "" {
			t.Errorf("an event is not complete: %+v", e)
		}
	}
}

func said(events []Event) string {
	var b strings.Builder
	for _, e := range events {
		b.WriteString(e.Type + " " + e.Message + "\n    " + e.Hint + strings.Join(e.Steps, "\n    ") + "\n")
	}
	return b.String()
}

func TestWaitForInstall(t *testing.T) {
	t.Parallel()
	ready := version("Available=True", "Failing=False", "Progressing=False")
	working := version("Available=False", "Failing=False", "Progressing=True: Working towards 4.22.0: 620 of 903 done (68% complete)")
	ca := func(f *fakeAPI, _ time.Time) { f.set(pathIngressCA, object{"data": object{"ca-bundle.crt": "PEM"}}) }
	flapping := play{{0, both(ready, ca)}, {0, operator("dns", settled...)}}
	for i := range 200 {
		status := "True: restarting"
		if i%2 == 0 {
			status = "False"
		}
		restart := operator("console", "Available=True", "Progressing="+status, "Degraded=False")
		flapping = append(flapping, play{{time.Duration(i) * 20 * time.Second, restart}}...)
	}
	for name, c := range map[string]struct {
		play    play
		took    time.Duration
		stage   string
		says    []string
		console string
	}{
		"healthy": {play: play{
			{0, working}, {0, operator("dns", "Available=False: no pod", "Progressing=True")},
			{10 * time.Minute, both(ready, ca)}, {10 * time.Minute, operator("dns", settled...)},
			{11 * time.Minute, console},
		}, took: 11 * time.Minute, console: "https://console.apps.demo.example.com", says: []string{"Install complete!", "620 of 903"}},
		"no console": {play: play{{0, both(ready, operator("dns", settled...))}}, took: 2*time.Minute + 30*time.Second, says: []string{"the address of the web console is not known", "Install complete!", "does not publish an authority"}},
		"stuck operator": {play: play{
			{0, version("Available=False", "Failing=True: Cluster operator authentication is not available", "Progressing=True")},
			{0, operator("authentication", "Available=False: no route", "Progressing=True", "Degraded=True: OAuth")},
		}, took: 40 * time.Minute, stage: stageAvailable, says: []string{"Cluster operator authentication is not available"}},
		"never settles": {play: flapping, took: 30 * time.Minute, stage: StageStable,
			says: []string{"these operators do not settle: console (restarted"}},
		"API gone for two minutes": {play: play{
			{0, working}, {time.Minute, down(true)}, {3 * time.Minute, down(false)},
			{4 * time.Minute, both(ready, both(ca, operator("dns", settled...)))}, {4 * time.Minute, console},
		}, took: 4*time.Minute + 30*time.Second, console: "https://console.apps.demo.example.com", says: []string{"the API answers again"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newClock()
			f := newFakeAPI(t, k)
			c.play.on(f)
			w, events := newWait(f.client(t), k)
			var added string
			done, err := w.WaitForInstall(t.Context(), installLimit, func(pem []byte) error { added = string(pem); return nil })
			checkWait(t, err, c.stage, c.says, *events)
			if took := k.Now().Sub(k.from); took < c.took || took > c.took+10*time.Second {
				t.Errorf("it took %v, want %v", took, c.took)
			}
			if done.Console != c.console {
				t.Errorf("the console is at %q, want %q", done.Console, c.console)
			}
			if c.stage == "" && done.Version != "4.22.0-okd-scos.5" {
				t.Errorf("the version is %q", done.Version)
			}
			if c.console != "" && added != "PEM" {
				t.Errorf("the authority of the ingress is %q", added)
			}
		})
	}
}

// The API servers of a cluster are replaced when it is just complete: what is asked for
// then is asked for again.
func TestAPIGoneWhenComplete(t *testing.T) {
	t.Parallel()
	k := newClock()
	f := newFakeAPI(t, k)
	play{{0, both(version("Available=True", "Failing=False", "Progressing=False"), operator("dns", settled...))},
		{0, func(f *fakeAPI, _ time.Time) { f.set(pathIngressCA, object{"data": object{"ca-bundle.crt": "PEM"}}) }},
		{0, console}, {3 * time.Minute, down(false)}}.on(f)
	once := sync.Once{}
	f.read = func(path string) {
		if path == pathOperators { // the last that is read before it
			once.Do(func() { f.down = true })
		}
	}
	w, events := newWait(f.client(t), k)
	added := ""
	_, err := w.WaitForInstall(t.Context(), installLimit, func(pem []byte) error { added = string(pem); return nil })
	checkWait(t, err, "", []string{"the API answers again, after 3m", "Install complete!"}, *events)
	if added != "PEM" {
		t.Errorf("the authority of the ingress is %q", added)
	}
}

// A capability that is off is not waited for.
func TestConsoleThatIsOff(t *testing.T) {
	t.Parallel()
	k := newClock()
	f := newFakeAPI(t, k)
	v := withConditions("version", k.Now(), "Available=True", "Failing=False", "Progressing=False")
	v["status"].(object)["capabilities"] = object{"knownCapabilities": []string{"Console", "Build"}, "enabledCapabilities": []string{"Build"}}
	f.set(pathClusterVersion, v)
	operator("dns", settled...)(f, k.Now().Add(-time.Hour))
	w, events := newWait(f.client(t), k)
	done, err := w.WaitForInstall(t.Context(), installLimit, func([]byte) error { return nil })
	if err != nil || done.Console != "" || k.Now().Sub(k.from) > 30*time.Second ||
		!strings.Contains(said(*events), "the capability Console is off") {
		t.Errorf("%v, %+v after %v:\n%s", err, done, k.Now().Sub(k.from), said(*events))
	}
}

func TestWaitIsInterrupted(t *testing.T) {
	t.Parallel()
	k := newClock()
	f := newFakeAPI(t, k)
	ctx, cancel := context.WithCancel(t.Context())
	k.then = func(since time.Duration) {
		if since > time.Minute {
			cancel()
		}
	}
	w, events := newWait(f.client(t), k)
	if _, err := w.WaitForBootstrap(ctx, bootstrapLimit); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if last := (*events)[len(*events)-1]; last.Type != EventInterrupted {
		t.Errorf("the last event is %+v", last)
	}
}

// What no waiting mends ends the wait at once.
func TestWaitEndsWithAnExpiredClient(t *testing.T) {
	t.Parallel()
	k := newClock()
	f := newFakeAPI(t, k)
	client := f.client(t)
	k.now = k.now.AddDate(11, 0, 0)
	k.from = k.now
	w, _ := newWait(client, k)
	_, err := w.WaitForBootstrap(t.Context(), bootstrapLimit)
	var stuck *StageError
	if !errors.As(err, &stuck) || !strings.Contains(stuck.Detail, "the client certificate in auth/kubeconfig expired") ||
		k.Now().Sub(k.from) > time.Minute {
		t.Errorf("ended with %v after %v", err, k.Now().Sub(k.from))
	}
}

func TestClockSkewIsSaid(t *testing.T) {
	t.Parallel()
	k := newClock()
	f := newFakeAPI(t, k)
	f.skew = -7 * time.Minute
	both(complete, etcd("True"))(f, k.Now())
	w, events := newWait(f.client(t), k)
	if _, err := w.WaitForBootstrap(t.Context(), bootstrapLimit); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(*events, func(e Event) bool { return e.Type == EventWarning })
	if i < 0 || !strings.Contains((*events)[i].Message, "the API server's clock is 7m behind this machine's") {
		t.Errorf("the clock is not named:\n%s", said(*events))
	}
}

// What a cluster says ends on a terminal: it must not act there.
func TestTextFromTheClusterIsHarmless(t *testing.T) {
	t.Parallel()
	k := newClock()
	f := newFakeAPI(t, k)
	operator("evil\x1b[2J", "Available=False: \x1b]0;title\a"+strings.Repeat("long ", 400), "Progressing=True")(f, k.Now())
	ops, err := f.client(t).operators(t.Context())
	if err != nil || len(ops) != 1 {
		t.Fatal(ops, err)
	}
	if text := ops[0].Name + ops[0].Why; strings.ContainsAny(text, "\x1b\a\n") || len([]rune(ops[0].Why)) > 160 {
		t.Errorf("%q", text)
	}
}

// FuzzObjects reads what no API server would send.
func FuzzObjects(f *testing.F) {
	for _, s := range []string{
		`{"items":[{"metadata":{"name":"dns"},"status":{"conditions":[{"type":"Available","status":"True","lastTransitionTime":"2026-03-02T08:00:00Z"}]}}]}`,
		`{"status":{"conditions":[{"type":"Progressing","status":"True","message":"620 of 903 done"}],"ingress":[{"host":"a","conditions":[]}]}}`, "{}", "null",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var many list[conditioned]
		if json.Unmarshal(data, &many) == nil {
			for _, o := range many.Items {
				if s := operatorStatus(o); s.settled() && s.Why != "" || len([]rune(s.Why)) > 160 || strings.ContainsAny(s.Why, "\x1b\n\r") {
					t.Errorf("%+v", s)
				}
			}
		}
		var r route
		if json.Unmarshal(data, &r) == nil {
			_ = r.admitted()
		}
		var p phase
		if json.Unmarshal(data, &p.version) == nil {
			w := Wait{moved: map[string]bool{}, Now: time.Now}
			w.noteDone(p.version.Status.Conditions.find("Progressing").Message)
			_ = p.words(Status{})
		}
		var n Node
		if json.Unmarshal(data, &n) == nil {
			_ = n.ready() && n.controlPlane() && n.internalIP() == ""
		}
	})
}
