package cluster

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// An API that stays away is said once, then every five minutes; where two causes take
// turns, as behind a load balancer with several backends, each is said once a minute.
func TestCausesAreNotRepeated(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		causes []string // one every two seconds, the last one goes on
		looks  int
		want   int
	}{
		"stays":       {[]string{"refused"}, 240, 2}, // 8 minutes
		"changes":     {[]string{"refused", "refused", "starting"}, 10, 2},
		"takes turns": {slices.Repeat([]string{"refused", "no-backend"}, 150), 300, 20}, // 10 minutes
	} {
		var told causes
		k := newClock()
		got := 0
		for i := range c.looks {
			if told.news(c.causes[min(i, len(c.causes)-1)], k.Now().Add(time.Duration(i)*2*time.Second)) {
				got++
			}
		}
		if got != c.want {
			t.Errorf("%s: said %d times, want %d", what, got, c.want)
		}
	}
}

// An API that comes and goes does not fill the log, and one that is away after it
// was there has another next step than one that never came.
func TestAPIThatComesAndGoes(t *testing.T) {
	t.Parallel()
	var p play
	for i := range 60 { // ten minutes
		p = append(p, play{{time.Duration(i) * 10 * time.Second, down(i%2 == 1)}}...)
	}
	p = append(p, play{{10 * time.Minute, both(down(false), both(complete, etcd("True")))}}...)
	k := newClock()
	f := newFakeAPI(t, k)
	p.on(f)
	w, events := newWait(f.client(t), k)
	var unreached []time.Duration
	w.Show = func(_ string, _ time.Time, s Status) {
		if s.Cause != nil {
			unreached = append(unreached, k.Now().Sub(s.Unreached))
		}
	}
	if _, err := w.WaitForBootstrap(t.Context(), bootstrapLimit); err != nil {
		t.Fatal(err)
	}
	gone, back := 0, 0
	for _, e := range *events {
		switch e.Type {
		case eventCause:
			gone++
			if !strings.HasPrefix(e.Hint, "the API has answered before") {
				t.Errorf("the hint is %q", e.Hint)
			}
		case eventReached:
			back++
			if e.Seconds < 8 || e.Seconds > 12 || !strings.HasSuffix(e.Message, "again, after 10s") {
				t.Errorf("%+v", e)
			}
		}
	}
	if gone != back || gone < 5 || gone > 11 {
		t.Errorf("it was said %d times that the API is away, and %d times that it is back", gone, back)
	}
	if longest := slices.Max(unreached); longest > 10*time.Second {
		t.Errorf("it is said to be away for %s", longest)
	}
}
