package main

// product generates the inner parts of Product: tiles and the packing of panels.
func product() {
	tileAVX512()
	copyPanelsAVX512()
	turnPanelAVX512()
}
