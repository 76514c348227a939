package cluster

import (
	"fmt"
	"regexp"
	"strconv"
	"sync"
)

// mostInRange is how many nodes one range may name: more is a slip of the keyboard.
const mostInRange = 1000

// A range of numbers stands in a name as worker-[0-4] or worker-{0..4}.
var rangeForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([^\[\]{}]*)(?:\[(\d+)-(\d+)\]|\{(\d+)\.\.(\d+)\})([^\[\]{}]*)$`)
})

// expandName returns the names that a name with a range stands for, or the name itself
// where there is none. Numbers that begin with 0 are all as long as the first: [08-11].
func expandName(name string) (names []string, problem string) {
	parts := rangeForm().FindStringSubmatch(name)
	if parts == nil {
		return []string{name}, ""
	}
	first, last := parts[2]+parts[4], parts[3]+parts[5]
	from, err1 := strconv.Atoi(first)
	to, err2 := strconv.Atoi(last)
	switch {
	case err1 != nil || err2 != nil || to-from >= mostInRange:
		return nil, fmt.Sprintf("names more than %d nodes", mostInRange)
	case to < from:
		return nil, fmt.Sprintf("begins with %d and ends with %d", from, to)
	}
	digits := 1
	if first[0] == '0' {
		digits = len(first)
	}
	for n := from; n <= to; n++ {
		names = append(names, fmt.Sprintf("%s%0*d%s", parts[1], digits, n, parts[6]))
	}
	return names, ""
}
