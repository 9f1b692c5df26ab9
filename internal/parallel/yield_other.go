//go:build !linux

package parallel

// canYield says that there is no letGo: workers that wait go to sleep after a while, but those that work keep their processor.
const canYield = false

func letGo() {}

func processor() int { return 0 }
