package analyze

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// Every stage of every release fails: the report names it, and what such a stage usually
// fails of, since nothing in the bundle says more.
func TestEveryStageOfEveryRelease(t *testing.T) {
	t.Parallel()
	bundles := 0
	for _, line := range releases {
		for _, s := range stages {
			if !s.inRelease(line) {
				continue
			}
			bundles++
			h := newHost(t)
			h.upTo(line, s)
			since := h.now.Add(time.Minute) // it begins, and fails a minute later
			switch {
			case s.Service == nodeImage:
				h.files["failed-units.txt"] = "node-image-pull.service loaded failed dead Node image\n"
			case s.Optional:
				h.record(s.Service, "stage start", "stage", s.Name)
				h.record(s.Service, "stage end", "stage", s.Name, "result", "failure", "errorMessage", "it went wrong")
				h.record(s.Service, "stage start", "stage", "cb-bootstrap")
			default:
				h.fail(s.Service, s.Name, "it went wrong")
			}
			r := reportOf(t, h.bundle())
			at := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Service == s.Service && f.Stage == s.Name })
			if at < 0 {
				t.Errorf("%s %s %s: not found in %+v", line, s.Service, s.Name, r.Findings)
				continue
			}
			f := r.Findings[at]
			if s.Optional {
				if r.Verdict != Waiting || at == 0 || !f.Optional || f.Attempts != 1 || r.Findings[0].Stage != "cb-bootstrap" {
					t.Errorf("%s %s: verdict %s, finding %d %+v", line, s.Name, r.Verdict, at, f)
				}
				continue
			}
			if r.Verdict != Failed || at != 0 || f.State != Failed || f.Does != s.Does ||
				!strings.Contains(r.Summary, s.Name+" of "+s.Service) && s.Name != "" {
				t.Errorf("%s %s %s: verdict %s, %q, finding %d: %+v", line, s.Service, s.Name, r.Verdict, r.Summary, at, f)
			}
			if s.Name != "" && (f.Since == nil || !f.Since.Equal(since) || f.Attempts != 1 ||
				f.Last == nil || f.Last.Text != "it went wrong" || f.Last.Line == 0) {
				t.Errorf("%s %s: since %v, %d attempts, last %+v", line, s.Name, f.Since, f.Attempts, f.Last)
			}
			want := s.Causes
			if s.Name == "image-metadata-arches-match" {
				if !f.Causes[0].Seen {
					t.Errorf("%s: the architecture is only a guess", line)
				}
			} else if got := ids(f.Causes); !slices.Equal(got, want) || f.Causes[0].Seen {
				t.Errorf("%s %s %s: causes %v, want the usual %v", line, s.Service, s.Name, got, want)
			}
		}
	}
	if bundles < 200 {
		t.Errorf("only %d bundles", bundles)
	}
	t.Logf("%d bundles", bundles)
}

// phrases name what a line speaks of.
var phrases = map[subject]string{
	aboutAPI: `Get "https://api-int.demo.example.com:6443/version": `, aboutServer: `Get "https://api-int.demo.example.com:22623/config/master": `,
	aboutEtcd: `dial tcp 192.168.1.21:2380: `, aboutProxy: "proxyconnect tcp: ", aboutRegistry: `pinging container registry r.example.net: Get "https://r.example.net/v2/": `,
	aboutIgnition: `fetching http://192.168.1.5:8080/master.ign: `, aboutLookup: "lookup api.demo.example.com on 192.168.1.1:53: ",
}

// examples are lines of the rows that look at them more closely, by a sign of theirs.
func example(k known, sign string) string {
	text := strings.ToUpper(strings.ReplaceAll(sign, "*", " between "))
	if len(k.About) > 0 {
		text = phrases[k.About[0]] + text
	}
	text = "before " + text + " after"
	switch {
	case k.ID == "no-tools":
		return "/usr/local/bin/x.sh: line 5: /usr/bin/kubelet: " + sign
	case k.ID == "bad-manifest" && sign == "no matches for kind":
		return `no matches for kind "Certificate" in version "cert-manager.io/v1"`
	case k.ID == "bad-manifest" && k.when != nil:
		return `Failed to create "a.yaml" configmaps.v1./a -n mine: namespaces "mine" not found`
	case k.ID == "load-balancer" && strings.HasPrefix(sign, "get error"):
		return `ignition[700]: GET error: Get "https://api-int.demo.example.com:22623/config/ma`
	}
	return text
}

// Every sign of every cause is found, in the last words of a stage and in the journal of
// its service, with file and line.
func TestEveryCause(t *testing.T) {
	t.Parallel()
	if len(causes) < 20 {
		t.Fatalf("only %d causes", len(causes))
	}
	for _, k := range causes {
		for _, sign := range k.Signs {
			if k.ID == "dns" || k.ID == "dns-api" || k.ID == "no-tools" {
				continue // see TestCases
			}
			text := example(k, sign)
			stage, _ := stageOf(bootkube, "etcd-bootstrap")
			if k.Only != nil {
				stage, _ = stageOf(bootkube, "cb-bootstrap")
			}
			words, log := newHost(t), newHost(t)
			words.upTo("4.22", stage)
			words.fail(bootkube, stage.Name, "first\n"+text+"\nagain\n"+text+"\nlast")
			log.upTo("4.22", stage)
			log.fail(bootkube, stage.Name, "nothing")
			log.journal("bootstrap/journals/bootkube.log", text)
			log.journal("bootstrap/journals/bootkube.log", text)
			for what, h := range map[string]*host{"words": words, "journal": log} {
				f := reportOf(t, h.bundle()).Findings[0]
				if len(f.Causes) != 1 || f.Causes[0].ID != k.ID || !f.Causes[0].Seen || f.Causes[0].Fix == "" {
					t.Errorf("%s in the %s: %q gives %+v", k.ID, what, text, f.Causes)
					continue
				}
				e := f.Causes[0].Evidence[0]
				if what == "journal" && (e.File != root+"bootstrap/journals/bootkube.log" || e.Line != 2 || e.Count != 2 ||
					!strings.HasSuffix(e.Text, text[max(0, len(text)-150):])) {
					t.Errorf("%s: evidence %+v", k.ID, e)
				}
				if what == "words" && (e.File != root+"bootstrap/services/bootkube.json" || e.Line < 10 || e.Text != text) {
					t.Errorf("%s: evidence %+v", k.ID, e)
				}
			}
		}
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	seen, texts := map[string]bool{}, map[string]string{}
	for _, k := range causes {
		if !k.Closer && texts[k.ID] != "" && texts[k.ID] != k.Text {
			t.Errorf("%s has two texts, and nothing says which is the closer one", k.ID)
		}
		if !k.Closer {
			texts[k.ID] = k.Text
		}
		if k.ID == "" || k.Text == "" || k.Fix == "" || strings.HasSuffix(k.Text, ".") || strings.HasSuffix(k.Fix, ".") {
			t.Errorf("row %+v", k)
		}
		seen[k.ID] = true
		for _, s := range k.Signs {
			if s != strings.ToLower(s) || len(s) < 5 {
				t.Errorf("%s: sign %q", k.ID, s)
			}
		}
		for _, s := range slices.Concat(k.Stages, k.Only, k.Unsure) {
			known := slices.ContainsFunc(stages, func(row Stage) bool { return row.Name == s || row.Service == s })
			if s != "*" && !known {
				t.Errorf("%s: there is no stage %s", k.ID, s)
			}
		}
	}
	for _, c := range checks {
		if !seen[c.cause] {
			t.Errorf("a check finds %s, which is no cause", c.cause)
		}
	}
	for _, s := range stages {
		if s.Does == "" || len(s.Causes) == 0 {
			t.Errorf("row %+v", s)
		}
		for _, id := range s.Causes {
			if !seen[id] {
				t.Errorf("%s: there is no cause %s", s.Name, id)
			}
		}
	}
}

// What was wrong before the stage began is over: it explains nothing.
func TestHealed(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.journal("bootstrap/journals/bootkube.log", "pinging container registry quay.io: i/o timeout")
	h.journal("bootstrap/containers/etcd-1.log", "slow fdatasync")
	stage, _ := stageOf(bootkube, "wait-for-etcd")
	h.upTo("4.20", stage)
	h.record(bootkube, "stage start", "stage", stage.Name)
	r := reportOf(t, h.bundle())
	if r.Verdict != Waiting || r.Findings[0].Causes[0].Seen {
		t.Errorf("old lines explain: %+v", r.Findings[0])
	}
	h.journal("bootstrap/containers/etcd-1.log", "slow fdatasync")
	r = reportOf(t, h.bundle())
	if c := r.Findings[0].Causes[0]; !c.Seen || c.ID != "slow-disk" || c.Evidence[0].Count != 2 || c.Evidence[0].Line != 2 {
		t.Errorf("got %+v", c)
	}
	// another stage does not care about the disk of etcd
	other := newHost(t)
	stage, _ = stageOf(bootkube, "mco-bootstrap")
	other.upTo("4.20", stage)
	other.fail(bootkube, stage.Name, "nothing")
	other.journal("bootstrap/containers/etcd-1.log", "slow fdatasync")
	if f := reportOf(t, other.bundle()).Findings[0]; f.Causes[0].Seen {
		t.Errorf("got %+v", f.Causes)
	}
}

// A stage that the host goes on without is explained by its own words and by checks, not
// by what others wrote into the journal of the service.
func TestOptionalStage(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	stage, _ := stageOf(bootkube, "resolve-api-url")
	h.upTo("4.22", stage)
	h.record(bootkube, "stage start", "stage", stage.Name)
	h.record(bootkube, "stage end", "stage", stage.Name, "result", "failure", "errorMessage", "nothing")
	h.record(bootkube, "stage start", "stage", "wait-for-etcd")
	h.journal("bootstrap/journals/bootkube.log", "unknown flag: --x")
	f := reportOf(t, h.bundle()).Findings
	if len(f) != 2 || f[0].Stage != "wait-for-etcd" || f[0].Causes[0].ID != "mixed-release" ||
		f[1].Stage != stage.Name || !slices.Equal(ids(f[1].Causes), []string{"dns-api"}) {
		t.Errorf("%+v", f)
	}
}

// A service that is started again and again: the attempts are counted, and a success in
// between ends the count.
func TestAttempts(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	stage, _ := stageOf(bootkube, "cco-bootstrap")
	h.upTo("4.19", stage)
	since := h.now.Add(time.Minute) // when it failed first
	for range 4 {
		h.fail(bootkube, stage.Name, "unknown flag: --x")
		h.record(bootkube, "service start")
	}
	r := reportOf(t, h.bundle())
	f := r.Findings[0]
	if f.Attempts != 4 || f.State != Failed || !f.Since.Equal(since) || f.Causes[0].ID != "mixed-release" ||
		r.Summary != "stage cco-bootstrap of bootkube failed 4 times: "+causeOf("mixed-release").Text {
		t.Errorf("%q: %+v", r.Summary, f)
	}
	h.succeed(bootkube, stage.Name)
	h.record(bootkube, "stage start", "stage", "wait-for-etcd")
	if r = reportOf(t, h.bundle()); r.Verdict != Waiting || r.Findings[0].Stage != "wait-for-etcd" || r.Findings[0].Attempts != 0 {
		t.Errorf("%+v", r.Findings)
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	stage, _ := stageOf(progress, "report-bootstrap-complete")
	h.upTo("5.0", stage)
	h.record(progress, "stage start", "stage", stage.Name)
	if r := reportOf(t, h.bundle()); r.Verdict != Waiting || r.Findings[0].Stage != stage.Name {
		t.Errorf("before: %s %+v", r.Verdict, r.Findings)
	}
	h.record(progress, "stage end", "stage", stage.Name, "result", "success")
	h.record(progress, "service end", "result", "success")
	if r := reportOf(t, h.bundle()); r.Verdict != Complete || len(r.Findings) != 0 || r.Summary != "the bootstrap host has done its work" {
		t.Errorf("after: %s %q %+v", r.Verdict, r.Summary, r.Findings)
	}
}

// The release image is there, and nothing else has begun.
func TestBetweenServices(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.record("release-image", "service start")
	h.record("release-image", "service end", "result", "success")
	r := reportOf(t, h.bundle())
	if r.Verdict != Waiting || r.Findings[0].Service != "crio-configure" || r.Findings[0].Stage != "" {
		t.Errorf("%s %+v", r.Verdict, r.Findings)
	}
}

func TestChecks(t *testing.T) {
	t.Parallel()
	for want, files := range map[string]map[string]string{
		"no-machine-asked": {"bootstrap/containers/machine-config-server-1.log": "launching server on 22623\n"},
		"no-nodes":         {"resources/masters.list": "", "bootstrap/containers/machine-config-server-1.log": "Pool master requested by address:\"10.0.0.2:3\"\n"},
		"hostname":         {"resources/nodes.list": "m1\nlocalhost.localdomain\n"},
		"pending-requests": {"resources/csr.json": `{"items":[{"metadata":{"name":"csr-1"},"spec":{"username":"system:serviceaccount:x"},"status":{}},{"metadata":{"name":"csr-2"},"status":{"conditions":[{"type":"Approved"}]}}]}`},
		"ext4":             {"control-plane/10.0.0.2/journals/journal.log.gz": gzipped("Mar 02 19:00:00 m systemd-fsck[1]: /dev/md126 has unsupported feature(s): FEATURE_C12\n")},
		"certificate-name": {"control-plane/10.0.0.2/journals/kubelet.log": "x509: certificate is valid for a, not api-int.demo.example.com\n"},
	} {
		h := newHost(t)
		stage, _ := stageOf(bootkube, "cb-bootstrap")
		h.upTo("4.18", stage)
		h.record(bootkube, "stage start", "stage", stage.Name)
		for name, text := range files {
			h.files[name] = text
		}
		f := reportOf(t, h.bundle()).Findings[0]
		if f.Causes[0].ID != want || !f.Causes[0].Seen || len(f.Causes[0].Evidence) != 1 {
			t.Errorf("%s: %+v", want, f.Causes)
		}
	}
}

// A bundle without the bootstrap host still says what is in the logs of the machines.
func TestOnlyMachines(t *testing.T) {
	t.Parallel()
	r := reportOf(t, map[string]string{"control-plane/10.0.0.2/journals/kubelet.log": "write /x: no space left on device\n"})
	if r.Verdict != unknown || !strings.Contains(r.Summary, "nothing from the bootstrap host") ||
		len(r.Findings) != 1 || r.Findings[0].Causes[0].ID != "disk-full" {
		t.Errorf("%s %q %+v", r.Verdict, r.Summary, r.Findings)
	}
	r = reportOf(t, map[string]string{"README": "no bundle\n"})
	if r.Verdict != unknown || len(r.Findings) != 0 {
		t.Errorf("%s %+v", r.Verdict, r.Findings)
	}
}

func TestBootstrapRecords(t *testing.T) {
	t.Parallel()
	r := Bootstrap(map[string][]byte{
		"bootkube": []byte(`[{"timestamp":"2026-03-02T08:00:00Z","phase":"service start"},{"timestamp":"2026-03-02T08:01:00Z","phase":"stage start","stage":"cb-bootstrap"}]`),
		"kubelet":  []byte(`[{"phase":"pre-command end","result":"success","preCommand":"kubelet-pause-image"}]`),
	})
	f := r.Findings[0]
	if r.Verdict != Waiting || f.Stage != "cb-bootstrap" ||
		!f.Since.Equal(time.Date(2026, 3, 2, 8, 1, 0, 0, time.UTC)) || r.Services[0].State != Complete {
		t.Errorf("%+v", r)
	}
}

// No secret and no control character of a bundle gets into a report.
func TestReportHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	stage, _ := stageOf(bootkube, "cb-bootstrap")
	h.upTo("4.22", stage)
	h.fail(bootkube, stage.Name, "\x1b[31munauthorized: {\"auth\":\"Y2FuYXJ5OmNhbmFyeQ==\"}\n-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\npassword: x")
	f := reportOf(t, h.bundle()).Findings[0]
	if want := "[31munauthorized: {\"auth\":\"REDACTED\"} / REDACTED / password: REDACTED"; f.Last.Text != want {
		t.Errorf("got %q", f.Last.Text)
	}
	if e := f.Causes[0].Evidence[0]; e.Text != "[31munauthorized: {\"auth\":\"REDACTED\"}" {
		t.Errorf("got %q", e.Text)
	}
}
