package tls

// Worse returns the worse of two states.
func Worse(a, b State) State {
	if b.rank() > a.rank() {
		return b
	}
	return a
}
