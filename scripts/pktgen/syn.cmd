range 0 tcp flag clr all
range 0 tcp flag set syn
