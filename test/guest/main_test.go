//go:build e2e

package guest

import (
	"flag"
	"log"
	"os"
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
	os.Exit(m.Run())
}
