package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Installed is what is known when an installation is complete.
type Installed struct {
	// Version is the release that the cluster runs.
	Version string
	// Console is the URL of the web console; empty if the cluster has none.
	Console string
}

// The names of the stages that exit codes are told apart by.
const (
	stageAvailable = "Cluster Operators Available"
	StageStable    = "Cluster Operators Stable"
)

// WaitForInstall waits until the cluster is complete: the cluster version is
// there, every operator has settled, and the console has its address. The limit is how
// long the operators may take before they must show progress. addCA gets
// the authorities of the cluster's ingress, as PEM, as soon as they are there; it
// returns an error only if they cannot be kept. The error is a *StageError, the
// context's, or addCA's.
func (w *Wait) WaitForInstall(ctx context.Context, limit time.Duration, addCA func(pem []byte) error) (Installed, error) {
	w.start()
	if err := w.waitForAPI(ctx); err != nil {
		return Installed{}, w.failed(err)
	}
	version, err := w.waitForVersion(ctx, limit)
	if err != nil {
		return Installed{}, w.failed(err)
	}
	done := Installed{Version: version.Status.Desired.Version}
	if err := w.ingressCA(ctx, addCA); err != nil {
		return done, w.failed(err)
	}
	if err := w.waitForStable(ctx); err != nil {
		return done, w.failed(err)
	}
	if done.Console, err = w.console(ctx, version); err != nil {
		return done, w.failed(err)
	}
	w.tell(Event{Type: EventDone, Message: "Install complete!", Seconds: w.Elapsed().Seconds(), Console: done.Console})
	return done, nil
}

func (w *Wait) waitForVersion(ctx context.Context, limit time.Duration) (version clusterVersion, err error) {
	err = w.run(ctx, stage{
		name: stageAvailable, phase: "the cluster's operators install it", limit: w.limit(limit),
		look: func(ctx context.Context) (bool, error) {
			version = clusterVersion{}
			if err := w.Client.get(ctx, pathClusterVersion, &version); err != nil && !notFound(err) {
				return false, err
			}
			cs := version.Status.Conditions
			w.status.Message = oneLine(cs.find("Progressing").Message, 200)
			w.noteDone(w.status.Message)
			if cs.is("Available", "True") && cs.is("Failing", "False") && cs.is("Progressing", "False") {
				w.status.Message = ""
				return true, w.survey(ctx)
			}
			return false, w.survey(ctx)
		},
		unfinished: func() (string, string) {
			cs := version.Status.Conditions
			said := "the cluster version operator has not reported yet"
			for _, kind := range []string{"Failing", "Progressing"} {
				if c := cs.find(kind); c.Status == "True" {
					said = oneLine(cmp.Or(c.Message, c.Reason), 400)
					break
				}
			}
			return said, "what the operators report is above; to keep waiting, run the same command again"
		},
	})
	return version, err
}

// noteDone takes down how far the cluster version operator says that it is:
// "… 620 of 903 done …". Every step forward is progress.
func (w *Wait) noteDone(message string) {
	words := strings.Fields(message)
	for i, word := range words {
		if word == "of" && i > 0 && i+2 < len(words) && strings.HasPrefix(words[i+2], "done") {
			w.note("manifests " + words[i-1])
		}
	}
}

// ingressCA hands over the authorities of the default ingress. A cluster whose
// ingress has a certificate from elsewhere may have none. It is a stage as the others
// are: API servers are replaced at this time, and are away for minutes.
func (w *Wait) ingressCA(ctx context.Context, addCA func([]byte) error) error {
	var found configMap
	err := w.run(ctx, stage{
		name: "Ingress Authority", phase: "the authority of the cluster's ingress is read", limit: w.limit(20 * time.Minute),
		look: func(ctx context.Context) (bool, error) {
			err := w.Client.get(ctx, pathIngressCA, &found)
			if notFound(err) {
				err = nil
			}
			return err == nil, err
		},
		unfinished: func() (string, string) { return "the authority of the cluster's ingress cannot be read", "" },
	})
	if err != nil {
		return err
	}
	ca := found.Data["ca-bundle.crt"]
	if ca == "" {
		w.tell(Event{Type: EventWarning, Message: "the cluster does not publish an authority for its ingress, so none is added to the kubeconfig"})
		return nil
	}
	return addCA([]byte(ca))
}

// settleTime is how long an operator must have stopped to move before it counts
// as stable.
const settleTime = 30 * time.Second

func (w *Wait) waitForStable(ctx context.Context) error {
	var unstable []OperatorStatus
	return w.run(ctx, stage{
		name: StageStable, phase: "the operators settle", limit: w.limit(30 * time.Minute),
		look: func(ctx context.Context) (bool, error) {
			if err := w.survey(ctx); err != nil {
				return false, err
			}
			now := w.Client.clusterNow()
			unstable = slices.DeleteFunc(slices.Clone(w.status.Operators), func(o OperatorStatus) bool {
				return !o.Progressing && now.Sub(o.Since) > settleTime
			})
			return len(unstable) == 0 && len(w.status.Operators) > 0, nil
		},
		unfinished: func() (string, string) {
			var said []string
			for _, o := range unstable {
				text := o.Name
				if o.Turns > 1 {
					text += fmt.Sprintf(" (restarted %d times)", o.Turns)
				}
				said = append(said, text)
			}
			if len(said) == 0 {
				return "no operator has reported", ""
			}
			return "these operators do not settle: " + strings.Join(said, ", "), "the cluster may be usable; look at what they report above"
		},
	})
}

// consoleLimit is how long the console may take; without it the cluster is
// complete all the same.
const consoleLimit = 2 * time.Minute

// console finds the address of the web console.
func (w *Wait) console(ctx context.Context, v clusterVersion) (string, error) {
	c := v.Status.Capabilities
	if slices.Contains(c.Known, "Console") && !slices.Contains(c.Enabled, "Console") {
		w.tell(Event{Type: eventNote, Message: "the cluster has no web console: the capability Console is off"})
		return "", nil
	}
	host := ""
	err := w.run(ctx, stage{
		name: "Console", phase: "the web console gets its address", limit: Limit{After: consoleLimit, Hard: true},
		look: func(ctx context.Context) (bool, error) {
			var r route
			if err := w.Client.get(ctx, pathConsole, &r); err != nil {
				if notFound(err) {
					err = nil
				}
				return false, err
			}
			host = r.admitted()
			return host != "", nil
		},
		unfinished: func() (string, string) { return "there is no admitted route to it", "" },
	})
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		w.tell(Event{
			Type: EventWarning, Message: "the address of the web console is not known: " + err.Error(),
			Hint: "look at the operator console and at the DNS record *.apps",
		})
		return "", nil
	}
	return "https://" + host, nil
}

// admitted is the host under which a router serves the route, or empty.
func (r route) admitted() string {
	for _, ingress := range r.Status.Ingress {
		if ingress.Conditions.is("Admitted", "True") {
			return oneLine(cmp.Or(ingress.Host, r.Spec.Host), 253)
		}
	}
	return ""
}
