//===- ingot-translate.cpp - prints plan models as C++ or CUDA, for tests and study ---------===//
#include "codegen/printer/UnitPrinter.h"

int main(int argc, char **argv) { return ingot::printer::translateMain(argc, argv); }
