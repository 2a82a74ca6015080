# SPDX-License-Identifier: BSD-3-Clause
range 0 tcp flag clr all
range 0 tcp flag set syn
