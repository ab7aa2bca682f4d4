import { connectorConformance, fakeLdap } from '#testing';
import ldap from './index.js';

connectorConformance(ldap, fakeLdap);
