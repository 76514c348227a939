//go:build e2e

package guest

import (
	"flag"
	"log"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"testing"
)

// hosts is how many there are at the same time. Most of what they do is to wait, so that
// they need less than a processor each.
const hosts = "3"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", hosts); err != nil {
		log.Fatal(err)
	}
	go leaveNothing()
	os.Exit(m.Run())
}

// interrupted are what to do when somebody stops the tests, which end then without
// cleaning up after themselves.
var interrupted struct {
	sync.Mutex
	actions []func()
}

func onInterrupt(action func()) {
	interrupted.Lock()
	defer interrupted.Unlock()
	interrupted.actions = append(interrupted.actions, action)
}

// leaveNothing ends the guests and removes their roots when the tests are stopped.
func leaveNothing() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
	interrupted.Lock()
	for i := len(interrupted.actions) - 1; i >= 0; i-- {
		interrupted.actions[i]()
	}
	os.Exit(130)
}
