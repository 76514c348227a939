package installconfig

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// maskBits is the length of a network whose mask is written out: 24 for 255.255.255.0.
func maskBits(text string) (bits int, ok bool) {
	mask, err := netip.ParseAddr(text)
	if err != nil || !mask.Is4() || mask.IsUnspecified() {
		return 0, false
	}
	ones, size := net.IPMask(mask.AsSlice()).Size()
	return ones, size > 0 && ones > 0
}

var (
	schemeOf  = regexp.MustCompile(`^[a-z]+://`)
	portAtEnd = regexp.MustCompile(`^(.*/[0-9]+):[0-9]+$`)
	zoneOf    = regexp.MustCompile(`%[^/]*`)
	leading0  = regexp.MustCompile(`\b0+([0-9])`)
	manyIn    = regexp.MustCompile(`^[0-9A-Fa-f.:]+/[0-9]+([ ,;]+[0-9A-Fa-f.:]+/[0-9]+)+$`)
	rangeIn   = regexp.MustCompile(`^([0-9.]+) ?- ?([0-9.]+)$`)
	shortIPv4 = regexp.MustCompile(`^([0-9]{1,3})(\.[0-9]{1,3}){0,2}/[0-9]+$`)
	starIPv4  = regexp.MustCompile(`^([0-9]{1,3}\.){1,3}\*(\.\*)*$`)
)

// networkSlip says what is amiss with a text that is not a network, and what to write
// instead. The problem goes on after the text.
func networkSlip(text string) (problem, hint string) {
	problem = "is not a network in CIDR form"
	switch {
	case manyIn.MatchString(text):
		return "is more than one network", "make each an entry of its own"
	case starIPv4.MatchString(text):
		return "has a *, which no network has", "write " + starred(text)
	case rangeIn.MatchString(text):
		return "is a range of addresses, not a network", "write " + ranged(text)
	}
	if ip, err := netip.ParseAddr(strings.TrimSuffix(strings.Trim(text, "[] "), "/")); err == nil && !strings.Contains(text, "%") {
		ip = ip.WithZone("")
		length := ip.BitLen() * 3 / 4
		if ip.Is6() {
			length = 64
		}
		p, _ := ip.Prefix(length)
		return "has no length behind the address", fmt.Sprintf("add the length of the network, such as %s", p)
	}
	for _, slip := range []struct{ problem, text string }{
		{"has blanks in it", strings.Join(strings.Fields(text), "")},
		{"has a scheme, which no network has", schemeOf.ReplaceAllString(text, "")},
		{"has brackets, which no network has", strings.NewReplacer("[", "", "]", "").Replace(text)},
		{"has a port, which no network has", portAtEnd.ReplaceAllString(text, "$1")},
		{"has brackets and a port, which no network has", bracketPort.ReplaceAllString(text, "$1")},
		{"has a zone (%), which no network has", zoneOf.ReplaceAllString(text, "")},
		{"has a number that begins with 0", leading0.ReplaceAllString(text, "$1")},
		{"has a letter where a digit belongs", letters.Replace(text)},
		{"has \\ instead of /", strings.ReplaceAll(text, `\`, "/")},
		{"has : instead of /", strings.Replace(text, ":", "/", 1)},
		{"has commas instead of dots", strings.ReplaceAll(text, ",", ".")},
		{"has a + before its length", strings.ReplaceAll(text, "/+", "/")},
		{"has punctuation at its end", strings.TrimRight(text, ".,;/")},
		{"has two dots or colons too many", strings.NewReplacer("..", ".", ":::", "::").Replace(text)},
		{"is written with a mask instead of its length", unmasked(text)},
		{"has an address of less than four numbers", filled(text)},
		{"has a length twice", onceOnly(text)},
	} {
		if p, err := netip.ParsePrefix(slip.text); err == nil && slip.text != text {
			return slip.problem, "write " + p.Masked().String()
		}
	}
	return wrongPart(text, problem)
}

var (
	bracketPort = regexp.MustCompile(`^\[([^\]]*)\](?::[0-9]+)?`)
	letters     = strings.NewReplacer("O", "0", "o", "0", "l", "1", "I", "1")
)

// wrongPart names the part of a network that cannot be.
func wrongPart(text, problem string) (string, string) {
	const hint = "write an address and the length of the network, such as 192.168.1.0/24 or fd00:10::/64"
	address, length, hasLength := strings.Cut(text, "/")
	ip, err := netip.ParseAddr(address)
	n, numErr := strconv.Atoi(length)
	switch {
	case err == nil && hasLength && numErr == nil && (n < 0 || n > ip.BitLen()):
		return fmt.Sprintf("has the length %d, but an address of this family has %d bits", n, ip.BitLen()),
			fmt.Sprintf("write a length from 1 to %d, such as %s/%d", ip.BitLen(), ip, map[bool]int{true: 24, false: 64}[ip.Is4()])
	case !hasLength || err == nil:
		return problem, hint
	}
	parts := strings.Split(address, ".")
	if len(parts) > 4 && !strings.Contains(address, ":") {
		return fmt.Sprintf("has %d numbers in its address instead of 4", len(parts)), hint
	}
	if len(parts) == 4 {
		for _, part := range parts {
			if v, err := strconv.Atoi(part); err == nil && v > 255 {
				return fmt.Sprintf("has %d in its address, and 255 is the most", v), hint
			}
		}
	}
	return problem, hint
}

// starred is the network that 10.0.*.* means.
func starred(text string) string {
	parts := strings.Split(text, ".")
	for len(parts) < 4 {
		parts = append(parts, "*")
	}
	bits := 0
	for i, part := range parts[:4] {
		if part == "*" {
			parts[i] = "0"
		} else {
			bits = 8 * (i + 1)
		}
	}
	return strings.Join(parts[:4], ".") + "/" + strconv.Itoa(bits)
}

// ranged is the smallest network that holds a range of addresses.
func ranged(text string) string {
	m := rangeIn.FindStringSubmatch(text)
	first, err := netip.ParseAddr(m[1])
	last, err2 := netip.ParseAddr(m[2])
	if err != nil || err2 != nil || !first.Is4() || !last.Is4() {
		return "the network that holds it, such as 192.168.1.0/24"
	}
	for bits := 32; bits > 0; bits-- {
		if p, _ := first.Prefix(bits); p.Contains(last) {
			return p.String() + ", which holds all of it"
		}
	}
	return "the networks that hold it"
}

func unmasked(text string) string {
	address, mask, _ := strings.Cut(text, "/")
	if bits, ok := maskBits(mask); ok {
		return address + "/" + strconv.Itoa(bits)
	}
	return text
}

// filled adds the numbers that 10.0/16 leaves out.
func filled(text string) string {
	if !shortIPv4.MatchString(text) {
		return text
	}
	address, length, _ := strings.Cut(text, "/")
	return address + strings.Repeat(".0", 3-strings.Count(address, ".")) + "/" + length
}

func onceOnly(text string) string {
	parts := strings.Split(text, "/")
	if len(parts) != 3 || parts[1] != parts[2] {
		return text
	}
	return parts[0] + "/" + parts[1]
}
