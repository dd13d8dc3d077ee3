/*
 * Functions that Maru does not call, refused by the compiler. The build includes this file before
 * every other one, and defines MARU_PURE for the folders that must stay replayable: proto, session
 * and core. Any use becomes a call of a function that does not exist and whose name says why.
 *
 * The headers that declare these functions come first, so that their own declarations stay as they
 * are. Only calls are meant: a field, a variable or a printf attribute of such a name is fine.
 */
#ifndef MARU_BANNED_H
#define MARU_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(name) name##_is_banned_see_banned_h()

/* No bound on what is written, or none on what is read. */
#undef strcpy
#define strcpy(...) BANNED(strcpy)
#undef strcat
#define strcat(...) BANNED(strcat)
#undef strncpy
#define strncpy(...) BANNED(strncpy)
#undef strncat
#define strncat(...) BANNED(strncat)
#undef sprintf
#define sprintf(...) BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf)
#undef gets
#define gets(...) BANNED(gets)

/* No way to tell an error from a number: str_to_u64 is ours. */
#undef atoi
#define atoi(...) BANNED(atoi)
#undef atol
#define atol(...) BANNED(atol)
#undef atoll
#define atoll(...) BANNED(atoll)
#undef atof
#define atof(...) BANNED(atof)

/* State that threads would share. */
#undef strtok
#define strtok(...) BANNED(strtok)
#undef asctime
#define asctime(...) BANNED(asctime)
#undef ctime
#define ctime(...) BANNED(ctime)
#undef gmtime
#define gmtime(...) BANNED(gmtime)
#undef localtime
#define localtime(...) BANNED(localtime)

#ifdef MARU_PURE

#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <syslog.h>
#include <unistd.h>

/* Time and chance come in as inputs. */
#undef time
#define time(...) BANNED(time)
#undef clock
#define clock(...) BANNED(clock)
#undef clock_gettime
#define clock_gettime(...) BANNED(clock_gettime)
#undef gettimeofday
#define gettimeofday(...) BANNED(gettimeofday)
#undef nanosleep
#define nanosleep(...) BANNED(nanosleep)
#undef sleep
#define sleep(...) BANNED(sleep)
#undef usleep
#define usleep(...) BANNED(usleep)
#undef rand
#define rand(...) BANNED(rand)
#undef srand
#define srand(...) BANNED(srand)
#undef random
#define random(...) BANNED(random)
#undef getrandom
#define getrandom(...) BANNED(getrandom)
#undef arc4random
#define arc4random(...) BANNED(arc4random)

/* So does what the machine is set to. */
#undef getenv
#define getenv(...) BANNED(getenv)
#undef secure_getenv
#define secure_getenv(...) BANNED(secure_getenv)
#undef setlocale
#define setlocale(...) BANNED(setlocale)
#undef getpid
#define getpid(...) BANNED(getpid)

/* Results go out as effects and builders. */
#undef printf
#define printf(...) BANNED(printf)
#undef fprintf
#define fprintf(...) BANNED(fprintf)
#undef vfprintf
#define vfprintf(...) BANNED(vfprintf)
#undef puts
#define puts(...) BANNED(puts)
#undef fputs
#define fputs(...) BANNED(fputs)
#undef perror
#define perror(...) BANNED(perror)
#undef syslog
#define syslog(...) BANNED(syslog)
#undef fopen
#define fopen(...) BANNED(fopen)
#undef open
#define open(...) BANNED(open)
#undef read
#define read(...) BANNED(read)
#undef write
#define write(...) BANNED(write)
#undef close
#define close(...) BANNED(close)
#undef socket
#define socket(...) BANNED(socket)
#undef send
#define send(...) BANNED(send)
#undef recv
#define recv(...) BANNED(recv)

/* One thread at a time: who calls decides which. */
#undef pthread_create
#define pthread_create(...) BANNED(pthread_create)
#undef pthread_once
#define pthread_once(...) BANNED(pthread_once)
#undef pthread_mutex_init
#define pthread_mutex_init(...) BANNED(pthread_mutex_init)
#undef pthread_mutex_lock
#define pthread_mutex_lock(...) BANNED(pthread_mutex_lock)
#undef pthread_mutex_unlock
#define pthread_mutex_unlock(...) BANNED(pthread_mutex_unlock)
#undef pthread_cond_wait
#define pthread_cond_wait(...) BANNED(pthread_cond_wait)

#endif

#endif
