/* libgan: adversarial training as a small C library.
 *
 * Include this header and link with -lgan. Everything public is declared in the headers below,
 * one noun each; every name starts with gan_ or GAN_.
 *
 * The conventions that hold for every call (errors, ownership, threads) stand in gan/types.h. */
#ifndef GAN_GAN_H
#define GAN_GAN_H

#include <gan/types.h>

#include <gan/checkpoints.h>
#include <gan/classifier.h>
#include <gan/context.h>
#include <gan/dataset.h>
#include <gan/evaluate.h>
#include <gan/export.h>
#include <gan/log.h>
#include <gan/monitor.h>
#include <gan/network.h>
#include <gan/optimizer.h>
#include <gan/score.h>
#include <gan/trainer.h>
#include <gan/version.h>

#endif
